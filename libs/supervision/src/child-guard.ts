/**
 * Runs inside every supervised child before its own main module (`node --import`): when the supervisor is gone - killed, so
 * that nobody will ever stop this child - the child gets the SIGTERM that an orderly stop would have sent.
 */
const SIGTERM_EXIT_CODE = 143;
let stopping = false;

process.on('SIGTERM', () => {
  stopping = true;
  // Without a handler of the role's own yet, the signal does what it does by default.
  if (process.listenerCount('SIGTERM') === 1) process.exit(SIGTERM_EXIT_CODE);
});

process.on('disconnect', () => {
  if (!stopping) process.kill(process.pid, 'SIGTERM');
});

// Listening must not by itself keep a role alive that has nothing left to do.
process.channel?.unref();
