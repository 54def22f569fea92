import { describe, expect, it } from '@jest/globals';
import { parseXml, printXml } from '@nightjar/onvif';
import { editEncoder } from './device-settings.js';

const parse = (text: string) => parseXml(Buffer.from(text));
const SCHEMA = 'xmlns:x="http://www.onvif.org/ver10/schema"';

const MEDIA2 =
  parse(`<Configurations xmlns="http://www.onvif.org/ver20/media/wsdl" ${SCHEMA} token="v1" GovLength="50" Profile="High">
  <x:Name>a &amp; b</x:Name><x:UseCount>1</x:UseCount><x:Encoding>H264</x:Encoding>
  <x:Resolution><x:Width>1920</x:Width><x:Height>1080</x:Height></x:Resolution>
  <x:RateControl ConstantBitRate="true"><x:FrameRateLimit>25</x:FrameRateLimit><x:BitrateLimit>4096</x:BitrateLimit></x:RateControl>
  <x:Quality>7</x:Quality></Configurations>`);
const MEDIA1 =
  parse(`<Configuration xmlns="http://www.onvif.org/ver10/media/wsdl" ${SCHEMA} token="v1">
  <x:Encoding>H264</x:Encoding><x:H264><x:GovLength>50</x:GovLength><x:H264Profile>Main</x:H264Profile></x:H264></Configuration>`);

const again = (...parts: Parameters<typeof editEncoder>) => parse(printXml(editEncoder(...parts)));

describe('the configuration of an encoder', () => {
  it('goes back as it came but for what changes', () => {
    const edited = again(MEDIA2, { bitrateKbps: 2048, gopFrames: 25 }, true);
    expect(edited.attributes.get('GovLength')).toBe('25');
    expect(edited.attributes.get('Profile')).toBe('High');
    expect(edited.textAt('RateControl', 'BitrateLimit')).toBe('2048');
    expect(edited.textAt('RateControl', 'FrameRateLimit')).toBe('25');
    expect(edited.child('RateControl')?.attributes.get('ConstantBitRate')).toBe('true');
    expect(edited.textAt('Name')).toBe('a & b');
    expect(edited.textAt('Quality')).toBe('7');
  });

  it('has no profile of another codec', () => {
    const edited = again(MEDIA2, { codec: 'H265', width: 640, height: 360 }, true);
    expect(edited.attributes.has('Profile')).toBe(false);
    expect(edited.textAt('Encoding')).toBe('H265');
    expect([edited.textAt('Resolution', 'Width'), edited.textAt('Resolution', 'Height')]).toEqual([
      '640',
      '360',
    ]);
  });

  it('has its keyframes elsewhere in Media', () => {
    const edited = again(MEDIA1, { gopFrames: 25 }, false);
    expect(edited.textAt('H264', 'GovLength')).toBe('25');
    expect(edited.textAt('H264', 'H264Profile')).toBe('Main');
  });

  it('is left alone where a value has no place in it', () => {
    expect(() => editEncoder(MEDIA1, { bitrateKbps: 1 }, false)).toThrow(/has no RateControl/);
    expect(() => editEncoder(MEDIA1, { codec: 'H265' }, false)).toThrow(/Media knows no H265/);
  });
});
