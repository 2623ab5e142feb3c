export {
  type ByteChannel,
  channelComputer,
  type ChannelComputerOptions,
  type OpenChannelOptions,
} from './channel-computer.js';
export { type CommandComputerOptions, commandComputer } from './command-computer.js';
export { type CommandRuntimeOptions, commandRuntime } from './command-runtime.js';
