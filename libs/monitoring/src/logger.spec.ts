import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { createLogger, type LoggerOptions } from './logger.js';
import { NestLogger } from './nest-logger.js';

function logging(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger({
    role: 'media',
    level: 'info',
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
    ...options,
  });
  return { logger, lines, records: () => lines.map((line) => JSON.parse(line)) };
}

describe('createLogger', () => {
  it('writes one JSON object per line with role, level in words and ISO time', () => {
    const { logger, records } = logging();
    logger.info({ camera: 'front' }, 'camera is up');
    logger.warn('disk is slow');
    expect(records()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        role: 'media',
        camera: 'front',
        msg: 'camera is up',
      },
      { level: 'warn', time: expect.any(String), role: 'media', msg: 'disk is slow' },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = logging({ level: 'warn' });
    logger.info('no');
    logger.debug('no');
    logger.error('yes');
    expect(lines).toHaveLength(1);
  });

  it('gives children that add fields', () => {
    const { logger, records } = logging();
    logger.child({ camera: 'front' }).child({ stream: 'main' }).info('x');
    expect(records()[0]).toMatchObject({ role: 'media', camera: 'front', stream: 'main' });
  });

  it('writes kind, code and place of our errors', () => {
    const { logger, records } = logging();
    const cause = new Error('socket closed');
    logger.error(
      {
        err: new NightjarError(
          'protocol',
          'rtp/short-header',
          'too short',
          { byteOffset: 4 },
          cause,
        ),
      },
      'x',
    );
    expect(records()[0].err).toMatchObject({
      kind: 'protocol',
      code: 'rtp/short-header',
      where: { byteOffset: 4 },
      message: 'too short: socket closed',
    });
  });

  it.each([['json'], ['pretty']] as const)('never writes a password (%s)', (format) => {
    const { logger, lines } = logging({ format });
    const url = 'rtsp://admin:hunter2@cam/';
    logger.info(`open ${url}`);
    logger.info({ url, config: { credentials: { username: 'admin', password: 'hunter2' } } }, 'x');
    logger.error({ err: new Error(`cannot open ${url}`) });
    logger.child({ source: url }).warn({ headers: { authorization: 'Digest hunter2' } }, 'refused');
    logger.info('request:\r\nAuthorization: Basic hunter2\r\nCSeq: 1');
    expect(lines).toHaveLength(5);
    expect(lines.join('')).not.toContain('hunter2');
    if (format === 'json') for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it('writes for people when asked to', () => {
    const { logger, lines } = logging({ format: 'pretty' });
    logger.info({ camera: 'front' }, 'camera is up');
    expect(lines[0]).toMatch(/INFO: camera is up\n {4}role: "media"\n {4}camera: "front"\n/);
  });
});

describe('NestLogger', () => {
  it('sends the lines of Nest through ours, its chatter at debug', () => {
    const { logger, records } = logging({ level: 'debug' });
    const nest = new NestLogger(logger);
    nest.log('Mapped route', 'RouterExplorer');
    nest.error('boom', 'Error: boom\n    at x', 'ExceptionsHandler');
    nest.warn({ odd: true });
    nest.error(new Error('bang'));
    expect(records()).toMatchObject([
      { level: 'debug', context: 'RouterExplorer', msg: 'Mapped route' },
      { level: 'error', context: 'ExceptionsHandler', stack: 'Error: boom\n    at x', msg: 'boom' },
      { level: 'warn', msg: '{"odd":true}' },
      { level: 'error', err: { message: 'bang' } },
    ]);
  });
});
