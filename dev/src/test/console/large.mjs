// Opens each screen of a console on a large fleet, and prints how long each took and its longest task, in milliseconds. Arguments: the coordinator's address, a key, a host.
import assert from 'node:assert/strict';
import { ask, launch, newPage } from './browser.mjs';

const [url, key, host] = process.argv.slice(2);
const { items: [eviction] } = await ask('GET', `${url}/v1/evictions?limit=1`);
const plan = await ask('POST', `${url}/v1/namespaces/large/prune`, { maxEntries: 900_000, dryRun: true });
const screens = {
  fleet: ['#/', 'Fleet'],
  host: [`#/hosts/${host}`, host],
  namespaces: ['#/namespaces', 'Namespaces'],
  namespace: ['#/namespaces/large', 'large'],
  entries: ['#/namespaces/large/entries', 'Entries of large'],
  entry: [`#/namespaces/large/entries/${key}`, 'Entry'],
  evictions: ['#/evictions', 'Evictions'],
  eviction: [`#/evictions/${eviction.id}`, 'Eviction'],
  plans: ['#/plans', 'Plans'],
  plan: [`#/plans/${plan.id}`, 'Plan'],
  audit: ['#/audit', 'Audit'],
};

const browser = await launch();
try {
  const page = await newPage(browser);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(`${url}/ui/`);
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((task) => { window.longest = Math.max(window.longest, task.duration); })).observe({ type: 'longtask' });
  });
  const shown = async (name, act, heading, until) => {
    await page.evaluate(() => { window.longest = 0; });
    const begin = performance.now();
    await act();
    await page.locator('h1', { hasText: heading }).waitFor();
    await page.waitForFunction(() => !document.body.innerText.includes('Loading'));
    if (until) {
      await until();
    }
    const took = Math.round(performance.now() - begin);
    const rows = await page.locator('main tbody tr').count();
    assert.ok(rows <= 200, `${name}: ${rows} rows at once`);
    assert.equal(await page.locator('main [role=alert]').count(), 0, `${name}: ${await page.locator('main').innerText()}`);
    console.log(`${name} ${took} ${Math.round(await page.evaluate(() => window.longest))}`);
  };
  for (const [name, [place, heading]] of Object.entries(screens)) {
    await shown(name, () => page.evaluate((to) => { location.hash = to; }, place), heading);
  }
  await shown('search', async () => {
    await page.evaluate(() => { location.hash = '#/namespaces/large/entries'; });
    await page.locator('input[type=search]').fill(key);
  }, 'Entries of large', () => page.locator('main tbody tr', { hasText: key }).first().waitFor());
  await shown('filter', async () => {
    await page.evaluate(() => { location.hash = '#/'; });
    await page.locator('main form.filter input').first().fill(host);
  }, 'Fleet', () => page.waitForFunction((only) => [...document.querySelectorAll('main tbody tr')].every((row) => row.innerText.includes(only)), host));
  assert.deepEqual(wrong, []);
  console.log('all screens came');
} finally {
  await browser.close();
}
