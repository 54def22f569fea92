import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { Stage } from './stage.js';

const PROGRAM = process.env['NIGHTJAR_CHROMIUM'] ?? '/usr/bin/chromium';
const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
const PLAYERS = path.resolve(import.meta.dirname, '../browser/players.mjs');

/** A page of the origin, logged in by the URL as a browser does it, with hls.js and `players.mjs` in it. */
export async function openPage(stage: Stage, urlWithLogin: string): Promise<Page> {
  const browser: Browser = await chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--mute-audio', '--autoplay-policy=no-user-gesture-required'],
  });
  stage.defer(() => browser.close());
  const page = await browser.newPage();
  await page.goto(urlWithLogin);
  await page.addScriptTag({ path: HLS_JS });
  await page.addScriptTag({ path: PLAYERS });
  return page;
}
