import { systemClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { createOnvifClients } from '../../libs/discovery/src/client/package-client.js';
import { Announcements } from '../../libs/discovery/src/search/announcements.js';
import { localInterfaces } from '../../libs/discovery/src/search/interfaces.js';
import { createNetworkSearch } from '../../libs/discovery/src/search/network-search.js';

/**
 * Searches from the network that it runs in, with the configuration on its command line, and says what it finds: one JSON
 * document per line. Then it hears announcements until its standard input ends.
 */
const [discovery = '{}'] = process.argv.slice(2);
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const file = JSON.stringify({ version: 1, discovery: JSON.parse(discovery) });
const { config } = await parseConfig(file, 'nightjar.yaml', {});
const open = createOnvifClients();
const announcements = new Announcements({
  came: (sighting) => say({ came: sighting }),
  left: (endpoint) => say({ left: endpoint }),
  failed: (where, reason) => say({ failed: { where, reason } }),
});
await announcements.listen(localInterfaces(config.discovery.interfaces));
await createNetworkSearch(open)(config.discovery, {
  clock: systemClock,
  signal: new AbortController().signal,
  found: (sighting) => say({ found: sighting }),
  failed: (where, reason) => say({ failed: { where, reason } }),
});
const login = { username: 'admin', password: 'secret' };
for (const url of (process.env['READ'] ?? '').split(' ').filter(Boolean))
  say({ read: await open({ url, login }).read() });
say({ done: true });
process.stdin.resume();
process.stdin.once('end', () => announcements.close());
