import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { measureRequests } from './request-times.js';

it('measures up to the head of an answer, by method and status; a word that is no method is `other`', async () => {
  const clock = new ManualClock();
  const measure = measureRequests(clock);
  const server = createServer((request, response) =>
    measure(request, response, () => {
      clock.advance(250);
      response.statusCode = request.url === '/lost' ? 404 : 200;
      response.write('a head');
      clock.advance(60_000);
      response.end(' and a slow body');
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await (await fetch(base)).text();
  await (await fetch(`${base}/onvif/event_service/pull/1`)).text();
  await (await fetch(`${base}/lost`, { method: 'PROPFIND' })).text();
  server.close();
  const { values } = await metrics.httpRequestDurationSeconds.get();
  const sums = values.filter(({ metricName }) => metricName?.endsWith('_sum'));
  expect(sums.map(({ labels, value }) => ({ ...labels, value }))).toEqual([
    { method: 'GET', status: '200', value: 0.25 },
    { method: 'other', status: '404', value: 0.25 },
  ]);
});
