import { describe, expect, it } from '@jest/globals';
import { nearest } from './nearest.js';

describe('nearest', () => {
  it.each([
    { word: 'recrod', among: ['retention', 'record', 'reconnect'], found: 'record' },
    { word: 'strems', among: ['streams', 'retention'], found: 'streams' },
    { word: 'MaxAge', among: ['maxAge', 'maxBytes'], found: 'maxAge' },
    { word: 'usr', among: ['users', 'rtsp'], found: 'users' },
    { word: 'frobnicate', among: ['users', 'rtsp'], found: undefined },
    { word: 'x', among: [], found: undefined },
  ])('takes $word for $found', ({ word, among, found }) => {
    expect(nearest(word, among)).toBe(found);
  });
});
