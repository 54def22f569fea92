import { describe, expect, it } from '@jest/globals';
import { DeviceAddress } from './device-address.js';

describe('addresses that a device names', () => {
  const plain = new DeviceAddress('http://10.0.0.7:8000/onvif/device_service', ['cdn.lan']);

  it.each([
    ['http://10.0.0.7:8000/onvif/media', 'http://10.0.0.7:8000/onvif/media'],
    ['http://10.0.0.7/onvif/events?id=1', 'http://10.0.0.7/onvif/events?id=1'],
    ['http://192.168.0.64/onvif/media', 'http://10.0.0.7:8000/onvif/media'],
    ['http://169.254.169.254/latest/meta-data', 'http://10.0.0.7:8000/latest/meta-data'],
    ['http://CDN.lan/snapshot', 'http://cdn.lan/snapshot'],
    ['http://admin:pw@10.0.0.7:8000/x', 'http://10.0.0.7:8000/x'],
  ])('%s is asked at %s', (named, asked) => {
    expect(plain.http(named)).toBe(asked);
  });

  it.each([
    ['rtsp://10.0.0.7:554/live?p=1', 'rtsp://10.0.0.7:554/live?p=1'],
    ['rtsp://192.168.0.64:8554/live', 'rtsp://10.0.0.7:8554/live'],
    ['rtsp://root:pw@evil.example/live', 'rtsp://10.0.0.7/live'],
  ])('%s is played from %s', (named, played) => {
    expect(plain.rtsp(named)).toBe(played);
  });

  it('stay in TLS when the device was reached by TLS', () => {
    const secure = new DeviceAddress('https://10.0.0.7/onvif/device_service');
    expect(secure.http('http://10.0.0.7/onvif/media')).toBe('https://10.0.0.7/onvif/media');
  });

  it('keep the brackets of IPv6', () => {
    const six = new DeviceAddress('http://[fd00::7]/onvif/device_service');
    expect(six.rtsp('rtsp://10.0.0.1/live')).toBe('rtsp://[fd00::7]/live');
    expect(six.http('http://[fd00:0::7]/x')).toBe('http://[fd00::7]/x');
  });

  it('are asked at the interface at which a link-local one was heard', () => {
    const near = new DeviceAddress('http://[fe80::7%eth0]:81/onvif/device_service');
    expect([near.serviceUrl, near.zone, near.host]).toEqual([
      'http://[fe80::7]:81/onvif/device_service',
      'eth0',
      'fe80::7%eth0',
    ]);
    expect(near.http('http://10.0.0.1/media')).toBe('http://[fe80::7]:81/media');
    for (const named of [
      'rtsp://[fe80::7]:554/a',
      'rtsp://10.0.0.1:554/a',
      'rtsp://[fe80::7%25lo]:554/a',
    ])
      expect(near.rtsp(named)).toBe('rtsp://[fe80::7%eth0]:554/a');
  });

  it.each([
    undefined,
    '',
    'file:///etc/passwd',
    'http://',
    'rtsp://x/y',
    `http://x/${'a'.repeat(2_000)}`,
  ])('%s is refused', (named) => {
    expect(() => plain.http(named)).toThrow(/no usable address/);
  });

  it('need a device service', () => {
    expect(() => new DeviceAddress('ftp://10.0.0.7/')).toThrow(/begins with http/);
    expect(() => new DeviceAddress('http://a:b@10.0.0.7/')).toThrow(/holds no login/);
  });
});
