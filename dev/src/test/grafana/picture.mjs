// Draws the dashboard in a browser until each query tells something, and takes its picture. Arguments: Prometheus' address, the file of the picture, and the
// queries that may tell nothing, as a list in JSON.
import assert from 'node:assert/strict';
import { build, preview } from 'vite';
import { launch, newPage } from './browser.mjs';

const [prometheus, picture, mayBeEmpty] = process.argv.slice(2);
const MAY_BE_EMPTY = JSON.parse(mayBeEmpty);
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
    wrong.length = 0;
    await page.goto(address);
    await page.waitForFunction(() => document.querySelector('[data-empty]'), undefined, { timeout: 20_000 }).catch((late) => wrong.push(String(late)));
    empty = wrong.length > 0 ? ['not drawn'] : JSON.parse(await page.locator('[data-empty]').getAttribute('data-empty'));
    empty = empty.filter((query) => !MAY_BE_EMPTY.includes(query));
  } while (empty.length > 0 && Date.now() < DEADLINE);
  assert.deepEqual({ wrong, empty }, { wrong: [], empty: [] });
  for (const lines of await page.locator('.timeseries').all()) {
    await lines.locator('canvas').first().waitFor();
  }
  await page.evaluate(() => document.fonts.ready);
  assert.deepEqual(wrong, []);
  await page.screenshot({ path: picture, fullPage: true });
  console.log('the dashboard is drawn');
} finally {
  await browser.close();
  await server.close();
}
