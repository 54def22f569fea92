import { readArguments } from '../arguments.js';
import { UsageError, type Command } from '../command.js';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the recorder on this machine',
  usage: `nightjar serve [--config FILE] [--camera NAME=URL ...] [--listen PORT] [--data DIR] [--demo]

  --config FILE      configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --camera NAME=URL  a camera to relay and record, without a file; may be repeated
  --listen PORT      port of the RTSP server, with --camera (8554)
  --data DIR         where Nightjar keeps its data ($NIGHTJAR_DATA_DIR, else nightjar-data)
  --demo             run with simulated cameras`,
  async run(args) {
    const { values } = readArguments(args, {
      config: { type: 'string' },
      camera: { type: 'string', multiple: true },
      listen: { type: 'string' },
      data: { type: 'string' },
      demo: { type: 'boolean' },
    });
    if (values.config !== undefined && values.camera !== undefined) {
      throw new UsageError(
        '--config and --camera exclude each other: put the camera into the file',
      );
    }
    const options = {
      ...(values.config === undefined ? {} : { configFile: values.config }),
      ...(values.camera === undefined ? {} : { cameras: values.camera }),
      ...(values.listen === undefined ? {} : { listen: portOf(values.listen) }),
      ...(values.data === undefined ? {} : { dataDir: values.data }),
      ...(values.demo === undefined ? {} : { demo: values.demo }),
    };
    const { runAppliance } = await import('../../../appliance/src/appliance.js');
    return runAppliance(options);
  },
};

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError('--listen wants a port number, 1 to 65535');
}
