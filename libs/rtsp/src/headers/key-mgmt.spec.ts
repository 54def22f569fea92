import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseKeyMgmt, printKeyMgmt } from './key-mgmt.js';

describe('a KeyMgmt header', () => {
  it.each([
    ['prot=mikey;uri="rtsp://cam/t0";data="AQAF+/=="', 'rtsp://cam/t0', 'AQAF+/=='],
    // live555
    ['prot=mikey; uri="rtsp://cam/t0"; data="AQAF"', 'rtsp://cam/t0', 'AQAF'],
    // ONVIF clients
    ['prot=mikey;uri="";data="AQAF"', '', 'AQAF'],
    ['prot="mikey" ; data=AQAF', '', 'AQAF'],
    ['PROT=MIKEY;DATA="AQAF";URI="x"', 'x', 'AQAF'],
    ['prot=sdes;data="no", prot=mikey;uri="x";data="AQAF"', 'x', 'AQAF'],
    ['prot=mikey;uri="x;data=trap";data="AQAF"', 'x;data=trap', 'AQAF'],
  ])('of the form %s', (value, uri, data) => {
    expect(parseKeyMgmt(value)).toEqual({ uri, data });
  });

  it.each(['', 'prot=mikey', 'prot=mikey;data=""', 'prot=sdes;data="AQAF"', 'mikey AQAF'])(
    'has no message in %j',
    (value) => {
      expect(parseKeyMgmt(value)).toBeUndefined();
    },
  );

  it('is read as it was written', () => {
    const one = { uri: 'rtsp://h/a b"c', data: 'AQ==' };
    expect(parseKeyMgmt(printKeyMgmt(one))).toEqual({ uri: 'rtsp://h/a b%22c', data: 'AQ==' });
  });

  it('never fails', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseKeyMgmt(`prot=mikey;${text}`)));
  });
});
