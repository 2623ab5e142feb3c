/**
 * Where things are on a benchmark computer and which commands drive it. The one value that tells the official images,
 * the sample benchmark's image and its local variant apart; the protocol reads nothing else.
 */
export interface Layout {
  /** The repository the agent works in. */
  readonly repository: string;
  /** Playbooks, end-to-end tests, recorded traffic and bug patches. Not there while the agent works. */
  readonly tests: string;
  /** A manager's answer. */
  readonly answerFile: string;
  /** Folder of traces the user tool leaves, below the repository. */
  readonly userToolOutput: string;
  /** Its text is `done` once an IC computer is ready. */
  readonly readyFile: string;
  /**
   * An environment variable. With a value, an IC computer sets itself up at its start; empty, it only starts its
   * services, as those whose image was built with the set-up done.
   */
  readonly setupVariable: string;
  /** A directory for the harness's own short-lived files. */
  readonly scratch: string;
  /** Folder of logs of a task's tests. */
  testLogs(taskId: string): string;
  /** pytest's exit code as text; absent when the playbook stopped earlier. */
  exitCodeFile(taskId: string): string;
  pytestLog(taskId: string): string;
  /**
   * Folders of what a round of tests leaves to be looked at, by the name they are kept under. Emptied before each round
   * where they are kept. Default: there are none.
   */
  testArtifacts?(taskId: string): Readonly<Record<string, string>>;
  /** Runs the playbook: build, serve, replay, test. */
  runTests(taskId: string): string;
  /** The same with tracing on, for the agent's benefit. */
  runUserTool(taskId: string): string;
}

/** All that a layout says, as plain JSON, with `<task>` for a task's id; but for what decides nothing. */
export function layoutFacts(layout: Layout): Readonly<Record<string, string>> {
  const { repository, tests, answerFile, userToolOutput, readyFile, setupVariable, scratch } = layout;
  const task = '<task>';
  return {
    repository,
    tests,
    answerFile,
    userToolOutput,
    readyFile,
    setupVariable,
    scratch,
    testLogs: layout.testLogs(task),
    exitCodeFile: layout.exitCodeFile(task),
    pytestLog: layout.pytestLog(task),
    runTests: layout.runTests(task),
    runUserTool: layout.runUserTool(task),
  };
}

/** `root` is the computer's own (`ComputerInterface.root`), `''` for a container. */
export type LayoutFactory = (root: string) => Layout;

/** The layout of the official images, and of every image built to their contract. Source: upstream's playbooks. */
export const officialLayout: LayoutFactory = (root) => {
  const tests = `${root}/app/tests`;
  const testLogs = (taskId: string) => `${tests}/logs/${taskId}`;
  return {
    repository: `${root}/app/expensify`,
    tests,
    answerFile: `${root}/app/expensify/manager_decisions.json`,
    userToolOutput: `${root}/app/expensify/user_tool`,
    readyFile: `${root}/setup_done.txt`,
    setupVariable: 'RUNTIME_SETUP',
    scratch: `${root}/tmp`,
    testLogs,
    exitCodeFile: (taskId) => `${testLogs(taskId)}/pytest_exit_code`,
    pytestLog: (taskId) => `${testLogs(taskId)}/pytest.log`,
    testArtifacts: (taskId) => ({ recording: `${tests}/attempts/${taskId}`, logs: testLogs(taskId) }),
    // An interactive bash, because npm is on the path through ~/.bashrc only.
    runTests: (taskId) =>
      `bash -i -c 'export ISSUE_ID=${taskId}; ansible-playbook -i "localhost," --connection=local ${tests}/run_tests.yml'`,
    runUserTool: (taskId) =>
      `bash -i -c 'export ISSUE_ID=${taskId}; ansible-playbook -i "localhost," --connection=local ${tests}/run_tests.yml -e trace=true'`,
  };
};
