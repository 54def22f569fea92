import { NightjarError } from '@nightjar/common';

/** What an error of `listen` on the RTSP port means for the operator. */
export function listenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
): NightjarError {
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
