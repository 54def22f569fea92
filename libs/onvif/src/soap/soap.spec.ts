import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { xml } from '../xml/print-xml.js';
import { parseEnvelope, printEnvelope } from './envelope.js';
import { faultOf, invalidValue, notSupported, parseFault, SoapFault } from './fault.js';

describe('parseEnvelope', () => {
  it('reads what printEnvelope wrote', () => {
    const wire = printEnvelope(xml('tds:GetHostname'), [xml('wsa:To', 'urn:x')]);
    const { body, headers } = parseEnvelope(Buffer.from(wire));
    expect([body.name, headers.map(({ name }) => name)]).toEqual(['GetHostname', ['To']]);
  });

  it.each([
    [
      'SOAP 1.1',
      '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>',
      'onvif/soap-version',
    ],
    ['no envelope', '<a/>', 'onvif/soap-envelope'],
    ['no body', '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>', 'onvif/soap-body'],
    [
      'two bodies',
      '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><a/><b/></Body></Envelope>',
      'onvif/soap-body',
    ],
  ])('refuses %s', (_name, wire, code) => {
    expect(() => parseEnvelope(Buffer.from(wire))).toThrow(expect.objectContaining({ code }));
  });
});

describe('faults', () => {
  it('are read as they were written', () => {
    const fault = invalidValue('no such profile', 'ter:NoProfile');
    expect(parseFault(Buffer.from(fault.print()))).toEqual({
      code: 'Sender',
      subcodes: ['InvalidArgVal', 'NoProfile'],
      reason: 'no such profile',
    });
    expect(fault.httpStatus).toBe(400);
    expect(notSupported('Reboot').httpStatus).toBe(500);
    expect(parseFault(Buffer.from(printEnvelope(xml('tds:GetHostname'))))).toBeUndefined();
  });

  it.each<[unknown, string, string]>([
    [new NightjarError('protocol', 'onvif/xml-malformed', 'bad XML'), 'ter:WellFormed', 'bad XML'],
    [new NightjarError('not-found', 'x/y', 'no camera'), 'ter:InvalidArgVal', 'no camera'],
    [new NightjarError('forbidden', 'x/y', 'not yours'), 'ter:NotAuthorized', 'not yours'],
    [
      new NightjarError('internal', 'x/y', 'select * from'),
      'ter:Action',
      'temporarily unavailable',
    ],
    [new Error('secret'), 'ter:Action', 'temporarily unavailable'],
  ])('tell of %s', (error, subcode, reason) => {
    const fault = faultOf(error);
    expect([fault.subcodes[0], fault.message]).toEqual([subcode, reason]);
    expect(fault).toBeInstanceOf(SoapFault);
  });
});
