import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPorts, freeLoopbackPort, prepareDataDirectory } from './preflight.js';

describe('checkPorts', () => {
  let taken: Server;
  let port: number;

  beforeEach(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    port = (taken.address() as AddressInfo).port;
  });
  afterEach(() => new Promise((resolve) => taken.close(resolve)));

  it('names a busy port, its use and the key that changes it', async () => {
    const wanted = { host: '127.0.0.1', port, use: 'RTSP', remedy: '--listen PORT or rtsp.port' };
    await expect(checkPorts([wanted])).rejects.toMatchObject({
      code: 'appliance/port',
      message: `Port ${port} on 127.0.0.1 for RTSP is in use by another program: choose another one with --listen PORT or rtsp.port`,
    });
  });

  it('explains an address that is not ours', async () => {
    const wanted = { host: '192.0.2.1', port: 0, use: 'HTTP', remedy: 'http.host' };
    await expect(checkPorts([wanted])).rejects.toThrow(/no such address/);
  });

  it('leaves free ports free', async () => {
    const wanted = { host: '127.0.0.1', port: await freeLoopbackPort(), use: 'x', remedy: 'y' };
    await checkPorts([wanted]);
    await checkPorts([wanted]);
  });
});

describe('prepareDataDirectory', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-data-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('makes a missing directory', () => {
    prepareDataDirectory(path.join(dir, 'a', 'b'));
    prepareDataDirectory(path.join(dir, 'a', 'b'));
  });

  it('says what to do where no directory can be made', () => {
    expect(() => prepareDataDirectory('/proc/nightjar/data')).toThrow(
      /is not writable \(E[A-Z]+\)/,
    );
  });

  it('says what to do when it cannot be a directory', () => {
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    expect(() => prepareDataDirectory(file)).toThrow(/is not writable \(EEXIST\).*--data DIR/);
  });
});
