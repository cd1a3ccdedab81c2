// Draws the dashboard in a browser until each panel has what it needs, and takes its picture. Arguments: Prometheus' address, the file of the picture,
// and the panels that may stay empty, as a list in JSON.
import assert from 'node:assert/strict';
import { build, preview } from 'vite';
import { launch, newPage } from './browser.mjs';

const [prometheus, picture, mayBeEmpty] = process.argv.slice(2);
const EMPTY = JSON.parse(mayBeEmpty);
const SECONDS = 120;
const DEADLINE = Date.now() + 200_000;

await build({ logLevel: 'error', build: { target: 'esnext', chunkSizeWarningLimit: 10_000 } });
const server = await preview({ logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
const browser = await launch();
try {
  const page = await newPage(await browser.newContext({ viewport: { width: 1536, height: 1000 } }));
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && !message.text().includes('404') && wrong.push(message.text()));
  const address = `http://127.0.0.1:${server.httpServer.address().port}/?${new URLSearchParams({ prometheus, seconds: SECONDS })}`;
  let empty;
  do {
    await page.goto(address);
    await page.locator('[data-panel]').first().waitFor();
    empty = await page.locator('[data-series="0"]').evaluateAll((panels) => panels.map((panel) => panel.dataset.panel));
  } while (empty.some((panel) => !EMPTY.includes(panel)) && Date.now() < DEADLINE);
  assert.deepEqual(empty, EMPTY);
  for (const panel of await page.locator('[data-panel]:not([data-series="0"])').all()) {
    await panel.locator('canvas, [title]').first().waitFor();
  }
  await page.evaluate(() => document.fonts.ready);
  assert.deepEqual(wrong, []);
  await page.screenshot({ path: picture, fullPage: true });
  console.log('the dashboard is drawn');
} finally {
  await browser.close();
  await server.close();
}
