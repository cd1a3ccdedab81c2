// Looks at each screen of a coordinator's console with a real browser, in both themes. Arguments: the coordinator's address, a folder for pictures.
// Ends with a message for the first thing that is wrong.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ask, launch, newPage, send, show } from './browser.mjs';

const [url, pictures, hostile] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const get = (path) => ask('GET', url + path);
const held = (await get('/v1/evictions?namespace=trees')).items[0];
const [plan] = (await get('/v1/plans')).items;
const screens = {
  fleet: ['#/fleet', 'Fleet'],
  host: ['#/hosts/host-1', 'Host host-1'],
  namespaces: ['#/namespaces', 'Namespaces'],
  namespace: ['#/namespaces/trees', 'Namespace trees'],
  entries: ['#/namespaces/trees/entries', 'Entries of trees'],
  curve: ['#/namespaces/functions', 'functions'],
  entry: [`#/namespaces/trees/entries/${encodeURIComponent(hostile)}`, 'Entry'],
  evictions: ['#/evictions', 'Evictions'],
  eviction: [`#/evictions/${held.id}`, 'Eviction'],
  plans: ['#/plans', 'Plans'],
  plan: [`#/plans/${plan.id}`, 'Plan'],
  audit: ['#/audit', 'Audit'],
};

const browser = await launch();
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 800 }, bypassCSP: false });
    const wrong = [];
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('dialog', (dialog) => wrong.push(`a dialog: ${dialog.message()}`));
    page.on('request', (request) => new URL(request.url()).origin === new URL(url).origin || request.url().startsWith('data:') || wrong.push(`another origin: ${request.url()}`));
    await page.goto(`${url}/ui/`);
    for (const [name, [place, heading]] of Object.entries(screens)) {
      await show(page, place, heading);
      const text = await page.locator('main').innerText();
      assert.doesNotMatch(text, /undefined|NaN|\[object/, `${name}: ${text}`);
      assert.equal(await page.locator('main [role=alert]').count(), 0, `${name}: ${text}`);
      // The driver runs it, so the page's policy stays as strict as it is.
      const { violations } = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
      assert.deepEqual(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`), [], `${name}, ${colorScheme}`);
      await page.screenshot({ path: `${pictures}/${name}-${colorScheme}.png` });
    }
    await page.evaluate((to) => { location.hash = to; }, screens.curve[0]);
    for (const chart of ['Hit rate over the last day', 'Hit rate by number of entries', 'Hit rate by size']) {
      const figure = page.locator('figure', { hasText: chart });
      await figure.locator('summary').click();
      assert.match(await figure.locator('tbody tr').last().innerText(), /\d %/, chart);
    }
    await show(page, ...screens.namespace);
    await page.locator('td', { hasText: /^7 d 1 h 30 min$/ }).waitFor();
    await page.locator('summary', { hasText: 'Plan a prune' }).click();
    await page.locator('input[name=idleFor]').fill('12h');
    await page.locator('button', { hasText: 'Make a plan' }).click();
    await page.locator('tr', { hasText: /Not used for\s*12 h/ }).waitFor();
    await page.evaluate((to) => { location.hash = to; }, screens.entry[0]);
    const key = page.locator('bdi', { hasText: hostile.replace('\u202e', '\\u202e') }).first();
    await key.waitFor();
    assert.ok(await key.evaluate((shown) => shown.getClientRects().length) > 1, 'the page of an entry shows all of its key');
    assert.equal(await page.locator('main img').count(), 0, 'a key is text');
    assert.deepEqual(wrong, []);
    await page.setViewportSize({ width: 400, height: 800 });
    for (const [name, [place, heading]] of Object.entries(screens)) {
      await show(page, place, heading);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 400, `${name} fits a narrow window`);
    }
    await page.close();
  }

  // A browser would ask for the folder above instead, and a change would be one of something else.
  const dots = await newPage(browser);
  const asked = [];
  dots.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await dots.goto(`${url}/ui/#/namespaces/trees/entries/..`);
  await dots.locator('[role=alert]', { hasText: 'A browser cannot ask' }).waitFor();
  assert.deepEqual(asked.filter((path) => path.startsWith('/v1/namespaces')), []);
  await dots.close();

  // Pages of a list, and back.
  const pages = await newPage(browser);
  await pages.goto(`${url}/ui/#/evictions`);
  await pages.locator('input[type=checkbox]').uncheck();
  const keys = () => pages.locator('main tbody tr td:first-child').allInnerTexts();
  await pages.locator('nav.pages span', { hasText: 'Page 1' }).waitFor();
  const newest = await keys();
  await pages.locator('button', { hasText: 'Next' }).click();
  await pages.locator('nav.pages span', { hasText: 'Page 2' }).waitFor();
  const evictions = (await get('/v1/evictions?limit=1000')).items.map((each) => each.key);
  assert.deepEqual([...newest, ...(await keys())], evictions.slice(0, 100));
  await pages.locator('button', { hasText: 'Previous' }).click();
  await pages.locator('nav.pages span', { hasText: 'Page 1' }).waitFor();
  assert.deepEqual(await keys(), newest);
  await show(pages, '#/audit', 'Audit');
  await pages.locator('td', { hasText: /^pin$/ }).waitFor();
  await pages.locator('select').selectOption('plans');
  await pages.locator('td', { hasText: /^prune, open$/ }).first().waitFor();
  await pages.close();

  // A tab that is seen again while it asks goes on asking once.
  const again = await newPage(browser);
  await again.addInitScript(() => {
    window.asked = 0;
    const plain = window.fetch;
    window.fetch = (path, options) => {
      window.asked += path === '/v1/hosts' ? 1 : 0;
      return plain(path, options);
    };
  });
  await again.route('**/v1/hosts', () => {});
  await again.goto(`${url}/ui/#/fleet`);
  await again.waitForFunction(() => window.asked > 0);
  assert.equal(await again.evaluate(() => { document.dispatchEvent(new Event('visibilitychange')); return window.asked; }), 1);
  await again.close();

  const waiting = await browser.newPage();
  for (const place of ['#/hosts/host-2', `#/evictions/${held.id}`]) {
    await waiting.goto(`${url}/ui/${place}`);
    await waiting.locator('td', { hasText: /^a hold until \d/ }).waitFor();
  }
  await waiting.goto(`${url}/ui/#/namespaces/trees/entries/key-2`);
  const copy = waiting.locator('tr', { hasText: 'host-3' });
  await copy.locator('td', { hasText: /^\d\d\/\d\d\// }).waitFor();
  assert.equal(await copy.locator('td').last().innerText(), '1', 'a copy in use with its holds');
  await waiting.close();

  // What cannot be taken back wants a word to be typed, and Enter then does it.
  const entry = `${url}/v1/namespaces/changes/entries/going`;
  await ask('PUT', `${url}/v1/namespaces/changes`, { maxEntries: 5 });
  await ask('PUT', entry, { snapshotId: 's' });
  const changing = await newPage(browser);
  await changing.goto(`${url}/ui/#/namespaces/changes/entries/going`);
  await changing.locator('button', { hasText: 'Evict' }).first().click();
  const word = changing.locator('dialog[open] input');
  await word.fill('goin');
  await word.press('Enter');
  await word.fill('going');
  assert.equal((await send('GET', entry)).status, 200);
  await word.press('Enter');
  while ((await send('GET', entry)).status !== 404) {
    // The test ends a script that takes too long.
  }
  await changing.close();

  // Eight tabs over HTTP/1.1 share one stream, and all of them see what happens.
  const context = await browser.newContext();
  const tabs = await Promise.all([...Array(8)].map(() => context.newPage()));
  for (const tab of tabs) {
    await tab.goto(`${url}/ui/#/evictions`);
    await tab.locator('.state.live').waitFor();
  }
  for (const number of [1, 2]) {
    await fetch(`${url}/v1/namespaces/tabs/entries/live-${number}`, {
      method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ snapshotId: `s-${number}` }),
    });
  }
  for (const tab of tabs) {
    await tab.locator('.live li', { hasText: 'live-1' }).waitFor();
    assert.equal(await tab.locator('.live li', { hasText: 'live-1' }).count(), 1);
  }
  console.log('all screens are well');
} finally {
  await browser.close();
}
