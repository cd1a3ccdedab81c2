// Starts Chromium, and what several scripts ask of it.
import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
}

/** Makes a page that waits long for what has to come: a slow machine fails no test. */
export async function newPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  return page;
}

/** Opens a page of the console by its place, and waits for its heading and its data. */
export async function show(page, place, heading) {
  await page.evaluate((to) => { location.hash = to; }, place);
  await page.locator('h1', { hasText: heading }).waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes('Loading'));
}

/** Sends a request, and returns its answer as it is. */
export function send(method, url, body, token) {
  return fetch(url, {
    method,
    headers: { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** Sends a request that has to succeed, and returns what is in its answer. */
export async function ask(method, url, body, token) {
  const answer = await send(method, url, body, token);
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  }
  return text ? JSON.parse(text) : undefined;
}
