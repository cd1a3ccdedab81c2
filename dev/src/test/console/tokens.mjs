// Looks at a coordinator that asks for tokens with a real browser: what a reader is offered, and what each of two tabs is told.
// Arguments: the coordinator's address, an operator's token.
import assert from 'node:assert/strict';
import { ask, launch, newPage, show } from './browser.mjs';

const [url, operator] = process.argv.slice(2);
const as = (method, path, body) => ask(method, url + path, body, operator);
const make = async (name, role, namespaces) => (await as('POST', '/v1/tokens', { name, role, namespaces })).token;
const evict = async (name) => {
  await as('PUT', `/v1/namespaces/others/entries/${name}`, { snapshotId: 's' });
  await as('DELETE', `/v1/namespaces/others/entries/${name}`);
};

const ENTRY = '/v1/namespaces/mine/entries/entry';
await as('PUT', '/v1/namespaces/mine', { maxEntries: 4 });
await as('PUT', '/v1/namespaces/others', { maxEntries: 4 });
await as('PUT', '/v1/namespaces/mine/entries/other', { snapshotId: 's' });
await as('PUT', ENTRY, { snapshotId: 's' });
await as('PUT', `${ENTRY}/pin`, { reason: 'kept' });
const plan = `/v1/plans/${(await as('POST', '/v1/namespaces/mine/prune', { maxEntries: 0, dryRun: true })).id}`;

/** What each page offers an operator. */
const screens = [
  ['#/hosts/host-1', 'Host host-1', ['Drain', 'Retire']],
  ['#/namespaces/mine', 'Namespace mine', ['Plan a prune', 'Make a plan']],
  ['#/namespaces/mine/entries/entry', 'Entry', ['Evict', 'Unpin']],
  [`#${plan.slice('/v1'.length)}`, 'Plan', ['Apply']],
];
const changes = [
  ['POST', '/v1/hosts/host-1/drain'],
  ['DELETE', '/v1/hosts/host-1/drain'],
  ['DELETE', '/v1/hosts/host-1'],
  ['POST', '/v1/hosts/host-1/readmit'],
  ['PUT', '/v1/namespaces/mine', { maxEntries: 1 }],
  ['POST', '/v1/namespaces/mine/prune', { maxEntries: 0, dryRun: true }],
  ['POST', '/v1/namespaces/mine/clean'],
  ['PUT', ENTRY, { snapshotId: 'another' }],
  ['DELETE', ENTRY],
  ['PUT', `${ENTRY}/pin`, { reason: 'another' }],
  ['DELETE', `${ENTRY}/pin`],
  ['POST', `${plan}/apply`],
  ['POST', '/v1/registry/restored'],
  ['POST', '/v1/tokens', { name: 'more', role: 'OPERATOR' }],
  ['DELETE', '/v1/tokens/reader'],
];

/** Logs in on the page that is open. */
async function enter(page, token) {
  await page.locator('input[type=password]').fill(token);
  await page.locator('button', { hasText: 'Show the fleet' }).click();
  await page.locator('.who', { hasText: ',' }).waitFor();
}

async function tab(context, token) {
  const page = await newPage(context);
  await page.goto(`${url}/ui/`);
  await enter(page, token);
  return page;
}

/** Returns what the page offers besides ways to look: everything that can be pressed but the orders of tables, pages of lists, and figures. */
function offered(page) {
  return page.locator('main').evaluate((main) => [...main.querySelectorAll('button, summary')]
    .filter((each) => !each.closest('dialog, nav, figure, thead'))
    .map((each) => each.textContent));
}

async function offers(browser) {
  const reader = await make('reader', 'READER');
  for (const [role, token] of [['operator', operator], ['reader', reader]]) {
    const page = await tab(await browser.newContext(), token);
    for (const [place, heading, expected] of screens) {
      await show(page, place, heading);
      assert.deepEqual(await offered(page), role === 'operator' ? expected : [], `${role}: ${place}`);
    }
  }
  const page = await tab(await browser.newContext(), reader);
  const before = await as('GET', `${ENTRY}?touch=false&count=false`);
  for (const [method, path, body] of changes) {
    const refusal = await page.evaluate(async ([asked, at, content]) => {
      const answer = await fetch(at, {
        method: asked,
        headers: { 'Authorization': `Bearer ${sessionStorage.getItem('spillway-token')}`, 'Content-Type': 'application/json' },
        ...(content && { body: JSON.stringify(content) }),
      });
      return [answer.status, (await answer.json()).type];
    }, [method, path, body]);
    assert.equal(refusal[0], 403, `${method} ${path}: ${refusal}`);
    assert.match(refusal[1], /forbidden$/, `${method} ${path}`);
  }
  assert.deepEqual(await as('GET', `${ENTRY}?touch=false&count=false`), before, 'nothing has changed');
  assert.equal((await as('GET', '/v1/hosts/host-1')).state, 'ACTIVE');
}

async function tabs(browser) {
  const context = await browser.newContext();
  const whole = await tab(context, await make('whole', 'READER'));
  const part = await tab(context, await make('part', 'READER', ['mine']));
  assert.deepEqual(await part.locator('header nav a').allInnerTexts(), ['Namespaces'], 'a token of some namespaces is offered these alone');
  await part.locator('h1', { hasText: 'Namespaces' }).waitFor();
  for (const page of [whole, part]) {
    await page.evaluate(() => { location.hash = '#/evictions'; });
  }
  await whole.locator('.state.live').waitFor();
  await part.locator('.state.refused').waitFor();
  await evict('of-others');
  const lines = (page, name) => page.locator('.live li', { hasText: name });
  await lines(whole, 'of-others').waitFor();
  assert.equal(await part.locator('.live li').count(), 0, 'a token of some namespaces is told nothing of all');

  // The same tab with another token is told what that one may see.
  await whole.locator('button', { hasText: 'Forget token' }).click();
  await enter(whole, await make('part-too', 'READER', ['mine']));
  await whole.evaluate(() => { location.hash = '#/evictions'; });
  await whole.locator('.state.refused').waitFor();
  assert.equal(await whole.locator('.live li').count(), 0, 'a token is told nothing of the one before');

  // Who revokes a token ends its stream alone.
  await part.locator('button', { hasText: 'Forget token' }).click();
  await enter(part, await make('staying', 'READER'));
  await part.evaluate(() => { location.hash = '#/evictions'; });
  await part.locator('.state.live').waitFor();
  const leaving = await tab(context, await make('leaving', 'READER'));
  await leaving.evaluate(() => { location.hash = '#/evictions'; });
  await leaving.locator('.state.live').waitFor();
  await as('DELETE', '/v1/tokens/leaving');
  await leaving.locator('input[type=password]').waitFor();
  await evict('after-that');
  await lines(part, 'after-that').waitFor();
}

const browser = await launch();
try {
  await offers(browser);
  await tabs(browser);
  console.log('each token sees its own');
} finally {
  await browser.close();
}
