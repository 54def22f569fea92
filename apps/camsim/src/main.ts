import { messageOf } from '@nightjar/common';
import { ControlServer } from './control-server.js';
import { parseFlags, USAGE } from './flags.js';
import { CameraSimulator } from './simulator.js';

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2), process.env);
  if (flags.help) {
    process.stdout.write(USAGE);
    return;
  }
  const onError = (error: unknown): void => {
    process.stderr.write(`camsim: ${messageOf(error)}\n`);
  };
  const simulator = new CameraSimulator({ ...flags.simulator, onError });
  for (const { camera, faults } of flags.faults) simulator.camera(camera).inject(faults);
  const control = new ControlServer(simulator, flags.control.host, flags.control.port);
  await simulator.start();
  await control.start();

  // Cameras have no state worth saving: nothing to wait for.
  process.on('SIGTERM', () => {
    // Those that are found by WS-Discovery say Bye.
    void Promise.resolve(simulator.onvif?.stop()).finally(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches a whole process group; a parent wants its recorders stopped before their cameras.
  process.on('SIGINT', () => {
    if (!process.connected) process.exit(0);
  });

  const cameras = Object.fromEntries(
    simulator.statuses.map(({ name }) => [name, simulator.url(name)]),
  );
  const ready = {
    ready: true,
    rtsp: simulator.baseUrl,
    control: control.url,
    cameras,
    ...(simulator.onvif && { onvif: simulator.onvif.urls }),
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  // A parent that died meanwhile is noticed by 'disconnect'.
  process.send?.({ type: 'ready', ...ready }, undefined, undefined, () => undefined);
}

main().catch((error: unknown) => {
  process.stderr.write(`camsim: ${messageOf(error)}\n`);
  process.exit(1);
});
