import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import type Docker from 'dockerode';

/** Bytes that one connection receives at once. */
const receivedBytes = 256 * 1024;

/**
 * Connections that receive into memory of their own, over and over. By itself Node takes new memory for every read, each
 * 30 MiB of which make it collect garbage: 70 times in 512 MiB, and more slowly the more the caller's program holds.
 *
 * For answers only whose body Node's HTTP parser takes apart, because it copies what it gives away (Node 20 to 25): not
 * for connections that are handed over.
 */
class ReceivingAgent extends Agent {
  override createConnection(options: ClientRequestArgs): Socket {
    const socket: Socket = connect({
      ...(options as { readonly path: string }), // Where to connect to: a socket's path, or a host and a port.
      onread: {
        buffer: Buffer.allocUnsafeSlow(receivedBytes),
        callback: (length, memory) => {
          socket.emit('data', memory.subarray(0, length));
          return true;
        },
      },
    });
    return socket;
  }
}

const agent = new ReceivingAgent({ keepAlive: false });

/** The same container for calls with large answers. One behind TLS, or an agent of the caller's own, is left as it is. */
export function receivingContainer(docker: Docker, id: string): Docker.Container {
  const container = docker.getContainer(id);
  // Its type is `any`.
  const modem = docker.modem as { readonly protocol?: unknown; readonly agent?: unknown };
  const isPlain = modem.agent === undefined || Object.getPrototypeOf(modem.agent) === Agent.prototype;
  if (modem.protocol === 'http' && isPlain) {
    container.modem = Object.create(modem, { agent: { value: agent } }) as unknown;
  }
  return container;
}
