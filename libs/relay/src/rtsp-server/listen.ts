import type { Server } from 'node:net';
import { NightjarError } from '@nightjar/common';

/**
 * Opens a TCP port; later errors of it go to `failed`.
 * @throws NightjarError 'conflict' when the port is taken, 'forbidden' when it may not be opened
 */
export async function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  failed: (error: Error) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
  server.on('error', failed);
}

/** The port that a server listens on; `otherwise` when it does not. */
export function portOf(server: Server, otherwise: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : otherwise;
}

/** What an error of `listen` on the RTSP port means for the operator. */
function listenError(error: NodeJS.ErrnoException, host: string, port: number): NightjarError {
  if (error.code === 'EADDRINUSE') {
    return new NightjarError(
      'conflict',
      'rtsp/port-in-use',
      `RTSP port ${port} is already in use`,
      { host, port },
      error,
    );
  }
  if (error.code === 'EACCES') {
    return new NightjarError(
      'forbidden',
      'rtsp/port-denied',
      `no right to open RTSP port ${port}`,
      { host, port },
      error,
    );
  }
  return new NightjarError(
    'unavailable',
    'rtsp/listen',
    `cannot listen on ${host}:${port}: ${error.message}`,
    { host, port },
    error,
  );
}
