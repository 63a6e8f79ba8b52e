// Takes the pictures of the README from a running platform: a case while its reasoning is written, and the lineage of
// the model that writes it.
//   node dev/pictures.mjs http://127.0.0.1:8080 PASSWORD      pictures in ../docs/images
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [base, password] = process.argv.slice(2);
const out = fileURLToPath(new URL('../../docs/images', import.meta.url));
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});
const context = await browser.newContext({
  viewport: { width: 1280, height: 900 },
  colorScheme: 'light',
  locale: 'en-GB',
});
const page = await context.newPage();
page.setDefaultTimeout(60_000);

await page.goto(base);
await page.getByTestId('login-username').fill('clinician');
await page.getByTestId('login-password').fill(password);
await page.getByTestId('login-submit').click();
await page.getByTestId('case-new').click();
await page.getByTestId('case-age').fill('52');
await page.getByTestId('case-sex').getByText('Female').click();
await page.getByTestId('case-complaint').fill('The worst headache of my life, from one second to the next');
const search = page.getByTestId('finding-search');
for (const [text, key] of [
  ['thunderclap', 'Enter'],
  ['neck stiffness', 'Enter'],
  ['vomiting', 'Enter'],
  ['light hurting', 'Enter'],
  ['fever', 'Shift+Enter'],
]) {
  await search.fill(text);
  await page.locator('[data-testid=finding-option][aria-selected=true]').waitFor();
  await search.press(key);
}
for (const [vital, value] of Object.entries({ systolic: '186', diastolic: '95', heartRate: '90' })) {
  await page.getByTestId(`vital-${vital}`).fill(value);
}
// From here on the answer is slowed down as a long line would: the picture is of the text while it grows.
await page.evaluate(() => {
  const send = window.fetch;
  window.fetch = async (...request) => {
    const answer = await send(...request);
    if (!String(request[0]).endsWith('/reasoning') || !answer.body) return answer;
    const slow = new TransformStream({
      async transform(chunk, controller) {
        controller.enqueue(chunk);
        await new Promise((resolve) => setTimeout(resolve, 60));
      },
    });
    return new Response(answer.body.pipeThrough(slow), answer);
  };
});
await page.getByTestId('case-submit').click();
const streaming = page.locator('[data-testid=reasoning][data-state=streaming]');
await streaming.waitFor();
await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
await streaming.getByTestId('citation').nth(1).waitFor();
await streaming.getByTestId('citation').first().click();
await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
await streaming.getByTestId('citation').nth(3).waitFor();
await page.screenshot({ path: `${out}/case.png` });

await page.locator('[data-testid=reasoning][data-state=checked]').waitFor();
console.log(await page.getByTestId('reasoning').innerText());
await page.getByTestId('answer-model').click();
await page.getByTestId('lineage-node').first().waitFor();
await page.waitForTimeout(1000);
await page.screenshot({ path: `${out}/lineage.png` });
await browser.close();
