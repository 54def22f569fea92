// Health check of the image: ends with 0 when the operations port answers 200 to the page named, else with 1.
//   node healthcheck.mjs [healthz|startupz|readyz]
// Runs each half minute in every container, so it loads nothing.
import { get } from 'node:http';

const TIMEOUT_MS = 4_000;
const { NIGHTJAR_OPERATIONS_HOST: listening, NIGHTJAR_OPERATIONS_PORT: port = 9464 } = process.env;
const host = !listening || listening === '0.0.0.0' ? '127.0.0.1' : listening;
const page = process.argv[2] ?? 'healthz';

const request = get({ host, port, path: `/${page}`, timeout: TIMEOUT_MS }, (answer) => {
  let body = '';
  answer.setEncoding('utf8');
  answer.on('data', (text) => (body += text));
  answer.on('end', () => {
    process.stdout.write(`${body}\n`);
    process.exitCode = answer.statusCode === 200 ? 0 : 1;
  });
});
request.on('timeout', () => request.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
request.on('error', (error) => {
  process.stderr.write(`${page}: ${error.message}\n`);
  process.exitCode = 1;
});
