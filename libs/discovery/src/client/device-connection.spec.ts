import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { printEnvelope, xml } from '@nightjar/onvif';
import { CameraAccounts } from '@nightjar/relay';
import { DeviceAddress } from './device-address.js';
import { DeviceConnection } from './device-connection.js';
import { RequestWriter, UNUSED } from './request-writer.js';
import { ScriptedDevice, type Script } from './testing/scripted-device.js';

const YEAR_MS = 365 * 86_400_000;
const LOGIN = { username: 'admin', password: 'p<w&"ö' };
const UNAUTHORIZED = { tries: 2, pauseMs: 60_000, afterwardsMs: undefined };

function connect(
  script: Partial<Script>,
  options: Partial<{
    password: string;
    passwordText: boolean;
    endpoint: string;
    noLogin: boolean;
  }> = {},
) {
  const clock = new ManualClock();
  const device = new ScriptedDevice(
    { auth: 'digest', password: LOGIN.password, offsetMs: 0, ...script },
    clock,
  );
  const accounts = new CameraAccounts(clock);
  const open = (): DeviceConnection =>
    new DeviceConnection({
      address: new DeviceAddress('http://10.0.0.7/onvif/device_service'),
      login: options.noLogin
        ? undefined
        : { ...LOGIN, password: options.password ?? LOGIN.password },
      passwordText: options.passwordText ?? false,
      endpoint: options.endpoint,
      ask: device.ask,
      clock,
      accounts,
      unauthorized: UNAUTHORIZED,
    });
  return { clock, device, open, connection: open() };
}

const { envelope, action } = new RequestWriter().write((cam) => cam.getDeviceInformation(UNUSED));
const ask = async (connection: DeviceConnection): Promise<string> =>
  (await connection.ask({ envelope, action })).body.name;
const logins = (device: ScriptedDevice): string[] => device.asked.map(({ login }) => login);

describe('a connection to a device', () => {
  it('logs in by HTTP Digest, and goes on with it', async () => {
    const { connection, device } = connect({});
    expect([await ask(connection), await ask(connection)]).toEqual([
      'GetDeviceInformationResponse',
      'GetDeviceInformationResponse',
    ]);
    expect(logins(device)).toEqual(['none', 'digest', 'digest']);
  });

  it('logs in by UsernameToken with a question that has no header', async () => {
    const { connection, device } = connect({ auth: 'token' });
    const { body } = await connection.ask({
      envelope: printEnvelope(xml('tds:GetNTP')),
      action: '',
    });
    expect(body.name).toBe('GetNTPResponse');
    expect(device.refused).toBe(0);
  });

  it('takes a new nonce when the old one is forgotten', async () => {
    const { connection, device } = connect({});
    await ask(connection);
    device.forgetNonces();
    expect(await ask(connection)).toBe('GetDeviceInformationResponse');
  });

  it.each([2 * YEAR_MS, -20 * YEAR_MS, 0])(
    'signs by the clock of a device that is %d ms off',
    async (offsetMs) => {
      const { connection, device } = connect({ auth: 'token', offsetMs });
      expect(await ask(connection)).toBe('GetDeviceInformationResponse');
      expect(device.refused).toBe(0);
      expect(Math.abs((connection.clockOffsetMs ?? NaN) - offsetMs)).toBeLessThanOrEqual(1_000);
    },
  );

  it('signs anew when the clock of the device was set meanwhile', async () => {
    const { connection, device } = connect({ auth: 'token' });
    await ask(connection);
    device.script.offsetMs = 90_000;
    expect(await ask(connection)).toBe('GetDeviceInformationResponse');
  });

  it('tells the password itself only where that is allowed', async () => {
    const refused = connect({ auth: 'text' });
    await expect(ask(refused.connection)).rejects.toMatchObject({
      code: 'discovery/login-refused',
    });
    expect(logins(refused.device)).not.toContain('text');
    const allowed = connect({ auth: 'text' }, { passwordText: true });
    expect(await ask(allowed.connection)).toBe('GetDeviceInformationResponse');
  });

  it.each(['digest', 'token'] as const)(
    'tries a wrong password once by %s, then leaves the account alone',
    async (auth) => {
      const { connection, device, open, clock } = connect({ auth }, { password: 'wrong' });
      await expect(ask(connection)).rejects.toMatchObject({ code: 'discovery/login-refused' });
      expect(device.refused).toBe(1);
      await expect(ask(connection)).rejects.toMatchObject({ code: 'discovery/login-paused' });
      // Another connection is of the same account.
      await expect(ask(open())).rejects.toMatchObject({ code: 'discovery/login-paused' });
      expect(device.refused).toBe(1);
      clock.advance(60_000);
      await expect(ask(open())).rejects.toMatchObject({ code: 'discovery/login-refused' });
      clock.advance(86_400_000);
      await expect(ask(open())).rejects.toThrow(/not tried again until the credentials change/);
      expect(device.refused).toBe(2);
    },
  );

  it.each(['digest', 'token'] as const)(
    'takes a right that is missing by %s for no wrong password',
    async (auth) => {
      const { connection, open } = connect({ auth, forbidden: 'GetUsers' });
      await ask(connection);
      const users = {
        envelope: printEnvelope(xml('tds:GetUsers')).replace(
          '<s:Body>',
          '<s:Header></s:Header><s:Body>',
        ),
        action: '',
      };
      for (let i = 0; i < 5; i++)
        await expect(connection.ask(users)).rejects.toMatchObject({
          code: 'discovery/not-allowed',
        });
      expect(await ask(open())).toBe('GetDeviceInformationResponse');
    },
  );

  it.each(['digest', 'token', 'text'] as const)(
    'proves nothing by %s to another device at the address',
    async (auth) => {
      const { connection, device } = connect(
        { auth, endpoint: 'urn:uuid:thief' },
        { endpoint: 'urn:uuid:ours', passwordText: true },
      );
      await expect(ask(connection)).rejects.toMatchObject({ code: 'discovery/other-device' });
      expect(new Set(logins(device))).toEqual(new Set(['none']));
    },
  );

  it('knows its device also where `urn:uuid:` is left out, or cannot be asked for', async () => {
    for (const endpoint of ['OURS', 'urn:uuid:ours']) {
      const { connection } = connect({ endpoint }, { endpoint: 'urn:uuid:ours' });
      expect(await ask(connection)).toBe('GetDeviceInformationResponse');
    }
    const { connection } = connect({}, { endpoint: 'urn:uuid:ours' });
    expect(await ask(connection)).toBe('GetDeviceInformationResponse');
  });

  it('without a login says that one is needed', async () => {
    for (const auth of ['digest', 'token'] as const) {
      const { connection } = connect({ auth }, { noLogin: true });
      await expect(ask(connection)).rejects.toMatchObject({ code: 'discovery/login-needed' });
    }
  });

  it('refuses documents that would cost too much, in words', async () => {
    const clock = new ManualClock();
    const connection = new DeviceConnection({
      address: new DeviceAddress('http://10.0.0.7/'),
      login: undefined,
      passwordText: false,
      endpoint: undefined,
      ask: () =>
        Promise.resolve({
          status: 200,
          challenges: [],
          contentType: '',
          body: Buffer.from('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        }),
      clock,
      accounts: new CameraAccounts(clock),
    });
    await expect(ask(connection)).rejects.toThrow(/not in SOAP .*DOCTYPE/);
  });
});
