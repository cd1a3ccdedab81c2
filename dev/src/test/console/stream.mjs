// Follows the events of a coordinator in its console, for the scenario that the first argument names: load, restart, gap or silence.
// Further arguments: the coordinator's address, and one below which a POST to /stop, /start or /start-forgetful does that to it.
import assert from 'node:assert/strict';
import { createServer, connect } from 'node:net';
import { ask, launch, newPage } from './browser.mjs';

const [scenario, url, control] = process.argv.slice(2);
const PER_SECOND = 500;
const LINES_MAX = 100;
/** A leak of each event would be at least 20,000 events of this many bytes. */
const KEY = 'k'.repeat(600);
const LEAK_BYTES_MAX = 4 << 20;

const evict = (name) => ask('PUT', `${url}/v1/namespaces/stream/entries/${name}`, { snapshotId: 's' });
const line = (page, name) => page.locator('.live li', { hasText: name });
const isLive = (page) => page.locator('.state.live').waitFor();

/** Stands between the browser and the coordinator, and can cut them off or pass nothing on. Remembers each Last-Event-ID that it passed on. */
async function proxy() {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let isCut = false;
  let isSilent = false;
  const places = [];
  const server = createServer((browser) => {
    if (isCut) {
      browser.destroy();
      return;
    }
    if (isSilent) {
      open.add(browser);
      return;
    }
    const coordinator = connect(Number(port), hostname);
    browser.on('data', (sent) => places.push(...[...String(sent).matchAll(/^last-event-id: *(\S+)/gim)].map(([, id]) => id)));
    for (const [one, other] of [[browser, coordinator], [coordinator, browser]]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    places,
    cut() {
      isCut = true;
      open.forEach((socket) => socket.destroy());
    },
    silence() {
      isSilent = true;
      open.forEach((socket) => socket.pause());
    },
    mend() {
      isCut = false;
      isSilent = false;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}

/** Returns the first event behind `id` that is `sought`, as its fields; the stream begins now if there is no id. */
async function event(id, sought) {
  const ending = new AbortController();
  try {
    const answer = await fetch(`${url}/v1/events`, { headers: id ? { 'Last-Event-ID': id } : {}, signal: ending.signal });
    let text = '';
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split('\n\n');
      text = blocks.pop();
      const found = blocks
        .map((block) => Object.fromEntries(block.split('\n').map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 2)])))
        .find((each) => each.data && sought(each));
      if (found) {
        return found;
      }
    }
    throw new Error(`the stream ended: ${answer.status} ${text}`);
  } finally {
    ending.abort();
  }
}

/** Returns what asks the heap of the browser's one shared worker, which is out of reach of a page's own session. */
async function workerHeap(browser) {
  const session = await browser.newBrowserCDPSession();
  const { targetInfos } = await session.send('Target.getTargets');
  const worker = targetInfos.find((each) => each.type === 'shared_worker');
  const { sessionId } = await session.send('Target.attachToTarget', { targetId: worker.targetId, flatten: false });
  const waiting = new Map();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
  });
  let id = 0;
  return (method) => {
    const message = JSON.stringify({ id: ++id, method });
    return new Promise((resolve, reject) => {
      waiting.set(id, resolve);
      session.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  };
}

/** Returns the bytes that a full collection leaves. */
async function heap(command) {
  await command('HeapProfiler.collectGarbage');
  await command('HeapProfiler.collectGarbage');
  return (await command('Runtime.getHeapUsage')).usedSize;
}

async function load(browser) {
  const page = await newPage(browser);
  await page.goto(`${url}/ui/#/evictions`);
  await isLive(page);
  await page.evaluate(() => {
    window.longest = 0;
    window.rowsMax = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((task) => { window.longest = Math.max(window.longest, task.duration); })).observe({ type: 'longtask' });
    new MutationObserver(() => { window.rowsMax = Math.max(window.rowsMax, document.querySelectorAll('.live li').length); })
      .observe(document.querySelector('main'), { childList: true, subtree: true });
  });
  const session = await page.context().newCDPSession(page);
  const ofPage = (method) => session.send(method);
  const ofWorker = await workerHeap(browser);
  const begin = performance.now();
  let next = 0;
  /** Makes evictions up to that number, no more than 500 a second and 128 at once. */
  const makeUpTo = (end) => Promise.all([...Array(128)].map(async () => {
    while (next < end) {
      const number = next++;
      await new Promise((due) => setTimeout(due, begin + number * 1000 / PER_SECOND - performance.now()));
      await evict(`${KEY}-${number}`);
    }
  }));
  const look = async (seconds) => {
    await makeUpTo(seconds * PER_SECOND + 1);
    // The last put evicts the one before it.
    await line(page, `-${seconds * PER_SECOND - 1} of`).waitFor();
    const longest = Math.round(await page.evaluate(() => window.longest));
    const took = (performance.now() - begin) / 1000;
    const found = { page: await heap(ofPage), worker: await heap(ofWorker), nodes: (await ofPage('Memory.getDOMCounters')).nodes };
    console.log(`${next - 1} evictions in ${took.toFixed(1)} s: heap of the page ${found.page} bytes, of the stream ${found.worker} bytes, ${found.nodes} nodes, longest task ${longest} ms`);
    // A collection is a long task, too.
    await page.evaluate(() => { window.longest = 0; });
    return found;
  };
  const early = await look(20);
  const late = await look(60);
  const rowsMax = await page.evaluate(() => window.rowsMax);
  assert.ok(late.page - early.page < LEAK_BYTES_MAX, 'the heap of the page grows with the events');
  assert.ok(late.worker - early.worker < LEAK_BYTES_MAX, 'the heap of the stream grows with the events');
  assert.ok(late.nodes < early.nodes + 10 * LINES_MAX, 'the nodes of the page grow with the events');
  assert.equal(rowsMax, LINES_MAX);
  assert.equal(await page.locator('.live li.gap').count(), 0);
  await isLive(page);
}

/** Opens the evictions behind a proxy, once the page has shown that `first` was evicted. Returns the place of that event, too. */
async function following(browser, first) {
  const between = await proxy();
  const page = await newPage(browser);
  await page.goto(`${between.url}/ui/#/evictions`);
  await isLive(page);
  const { id: before } = await event(null, () => true);
  await evict(first);
  await evict(`${first}-next`);
  await line(page, first).waitFor();
  return { between, page, place: (await event(before, ({ data }) => JSON.parse(data).key === first)).id };
}

const isStale = (page) => page.locator('p.stale', { hasText: /since \d\d:\d\d:\d\d/ }).waitFor();

async function restart(browser) {
  const { between, page, place } = await following(browser, 'early');
  await ask('POST', `${control}/stop`);
  await isStale(page);
  assert.equal(await line(page, 'early').count(), 1, 'what was told stays');
  between.cut();
  await ask('POST', `${control}/start`);
  await evict('late');
  between.mend();
  await line(page, 'early-next').waitFor();
  await page.locator('p.stale').waitFor({ state: 'detached' });
  await isLive(page);
  // Behind it, because a place that was doubled would be doubled by then.
  await evict('last');
  await line(page, 'late').waitFor();
  for (const key of ['early of', 'early-next of', 'late of']) {
    assert.equal(await line(page, key).count(), 1, key);
  }
  assert.equal(between.places.at(-1), place, 'the stream goes on behind the last event that came');
  assert.equal(await page.locator('.live li.gap').count(), 0);
  between.close();
}

async function gap(browser) {
  const { between, page, place } = await following(browser, 'seen');
  between.cut();
  await isStale(page);
  await evict('lost');
  await ask('POST', `${control}/stop`);
  await ask('POST', `${control}/start-forgetful`);
  while ((await event(place, () => true)).event !== 'gap') {
    // Until the coordinator has forgotten it.
  }
  await ask('POST', `${control}/stop`);
  await ask('POST', `${control}/start`);
  between.mend();
  await page.locator('.live li.gap').waitFor();
  await isLive(page);
  await evict('after');
  await evict('last');
  await line(page, 'after').waitFor();
  const lines = await page.locator('.live li').allInnerTexts();
  const kinds = lines.map((each) => ['after of', 'Gap:', 'seen of'].find((kind) => each.includes(kind))).filter(Boolean);
  assert.deepEqual(kinds, ['after of', 'Gap:', 'seen of'], lines.join('\n'));
  between.close();
}

/** A network that is gone without a word, as after a laptop's sleep. */
async function silence(browser) {
  const { between, page, place } = await following(browser, 'heard');
  const silentAt = Date.now();
  between.silence();
  await evict('missed');
  await evict('missed-next');
  await page.locator('.state.stale').waitFor();
  const told = await page.locator('p.stale', { hasText: 'No answer since' }).innerText();
  const since = new Date(silentAt);
  since.setHours(...told.match(/\d\d:\d\d:\d\d/)[0].split(':').map(Number), 0);
  // Either may be of the day before.
  assert.ok((silentAt + 5_000 - since + 86_400_000) % 86_400_000 < 43_200_000, `what is shown is from when an answer came last: ${told}`);
  assert.equal(await line(page, 'missed').count(), 0);
  between.cut();
  between.mend();
  await line(page, 'missed of').waitFor();
  await isLive(page);
  assert.equal(await line(page, 'heard-next of').count(), 1);
  assert.equal(between.places.at(-1), place);
  between.close();
}

const browser = await launch();
try {
  await ask('PUT', `${url}/v1/namespaces/stream`, { maxEntries: 1 });
  await { load, restart, gap, silence }[scenario](browser);
  console.log(`${scenario} went well`);
} finally {
  await browser.close();
}
