// Signs in once per role and photographs every page in light and dark: look at the pictures after a change.
//   npm run build && npm run mock &   then   npm run screenshots [name…]      pictures in /tmp/shots
//   WIDTH=360 is a telephone, SCHEMES=light one scheme, WHOLE=1 the whole page instead of a window of it
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const base = process.env.BASE ?? 'http://127.0.0.1:8080';
const out = process.env.SHOTS ?? '/tmp/shots';
const only = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--headless'],
});
const complaints = [];

async function reasoningDone(page) {
  await page.waitForSelector('[data-testid=reasoning][data-state=checked]', { timeout: 30_000 });
}

const tours = {
  clinician: [
    ['cases', '/cases'],
    [
      'case-new',
      '/cases/new',
      async (page) => {
        await page.getByTestId('case-age').fill('58');
        await page.getByTestId('case-sex').getByText('Female').click();
        await page
          .getByTestId('case-complaint')
          .fill('Sudden pain on breathing in and breathlessness since this morning');
        await page.getByTestId('vital-heartRate').fill('118');
        await page.getByTestId('vital-oxygenSaturation').fill('91');
        await page.getByTestId('vital-temperatureC').fill('371');
        const search = page.getByTestId('finding-search');
        for (const [text, key] of [
          ['breathl', 'Enter'],
          ['pleurit', 'Enter'],
          ['swelling of', 'Enter'],
          ['fever', 'Shift+Enter'],
          ['hemopt', 'Shift+Enter'],
        ]) {
          await search.fill(text);
          await search.press(key);
        }
        await page.getByTestId('risk-search').fill('surg');
        await page.getByTestId('risk-search').press('Enter');
        await page.getByTestId('case-medicines').fill('ramipril 5 mg');
        await page.getByTestId('case-medicines').press('Enter');
        await search.fill('chest p');
      },
    ],
    [
      'case-new-problem',
      '/cases/new',
      async (page) => {
        await page.getByTestId('case-age').fill('12');
        await page.getByTestId('case-sex').getByText('Male', { exact: true }).click();
        await page.getByTestId('case-complaint').fill('Cough');
        await page.getByTestId('case-submit').click();
        await page.getByTestId('problem').waitFor();
      },
    ],
    ['case-unassessed', '/cases/c-1'],
    [
      'case-streaming',
      '/cases/c-2',
      async (page) => {
        await page.getByTestId('assess').click();
        await page.waitForSelector('[data-state=streaming]');
        await page.waitForTimeout(2500);
        await page.getByTestId('reasoning-panel').scrollIntoViewIfNeeded();
      },
    ],
    [
      'case',
      '/cases/c-3',
      async (page) => {
        if (await page.getByTestId('reasoning-start').count()) {
          await page.getByTestId('reasoning-start').click();
          await reasoningDone(page);
        }
        await page.evaluate(() => scrollTo(0, 0));
      },
    ],
    [
      'case-passage',
      '/cases/c-3',
      async (page) => {
        await reasoningDone(page);
        await page.getByTestId('citation').last().click();
        await page.getByTestId('reasoning-panel').scrollIntoViewIfNeeded();
        await page.waitForTimeout(500);
      },
    ],
    [
      'case-lineage',
      '/cases/c-3',
      async (page) => {
        await page.getByTestId('answer-model').click();
        await page.getByTestId('lineage-node').first().waitFor();
        await page.waitForTimeout(600);
      },
    ],
    [
      'case-sign',
      '/cases/c-3',
      async (page) => {
        if (await page.getByTestId('sign').count()) {
          await page.getByTestId('sign').click();
          await page.getByTestId('sign-note').fill('CT ordered at 11:40, heparin started.');
          await page.waitForTimeout(300);
        }
      },
    ],
    [
      'case-signed',
      '/cases/c-3',
      async (page) => {
        if (await page.getByTestId('sign').count()) {
          await page.getByTestId('sign').click();
          await page.getByTestId('sign-note').fill('CT ordered at 11:40, heparin started.');
          await page.getByTestId('sign-confirm').click();
        }
        await page.getByTestId('signed').waitFor();
      },
    ],
    ['models-clinician', '/models'],
    ['forbidden', '/audit'],
  ],
  admin: [
    ['models', '/models'],
    ['model', '/models/m-fused-2', async (page) => page.getByTestId('lineage-node').first().waitFor()],
    [
      'model-run',
      '/models/m-cardio',
      async (page) => {
        await page.locator('[data-testid=lineage-node][data-kind=run]').first().click();
        await page.waitForTimeout(300);
      },
    ],
    [
      'model-promote',
      '/models/m-neuro',
      async (page) => {
        await page.getByTestId('model-promote').click();
        await page.waitForTimeout(300);
      },
    ],
    ['jobs', '/training'],
    [
      'job-cancel',
      '/training',
      async (page) => {
        await page.getByTestId('job-cancel').first().click();
        await page.waitForTimeout(300);
      },
    ],
    ...['pretrain', 'finetune', 'reinforce', 'fuse', 'grow'].map((stage) => [
      `job-new-${stage}`,
      `/training/new?stage=${stage}`,
      async (page) => page.getByTestId('recipe-hint').waitFor(),
    ]),
    [
      'job-new-filled',
      '/training/new?stage=finetune',
      async (page) => {
        await page.getByTestId('form-model').click();
        await page.getByRole('option', { name: 'medley-base' }).click();
        await page.getByTestId('form-dataset').first().click();
        await page.getByRole('option', { name: /letters-cardio/ }).click();
        await page.getByTestId('recipe-valid').waitFor();
      },
    ],
    [
      'job-new-refused',
      '/training/new?stage=finetune',
      async (page) => {
        await page.getByTestId('recipe-shipped').click();
        await page.getByRole('option').nth(1).click();
        const yaml = page.getByTestId('job-recipe');
        await yaml.fill(`${await yaml.inputValue()}nonsense: true\n`);
        await page.getByTestId('recipe-refusal').waitFor();
      },
    ],
    [
      'job-live',
      '/training/j-6',
      async (page) => {
        await page.getByTestId('compare').click();
        await page.getByRole('option').last().click();
        await page.getByRole('option').first().click();
        await page.keyboard.press('Escape');
        await page.waitForTimeout(1500);
      },
    ],
    [
      'job-log-scale',
      '/training/j-8',
      async (page) => {
        await page.getByTestId('loss-chart').locator('canvas').waitFor();
        await page.getByTestId('log-scale').check({ force: true });
        await page.getByText('by tokens').click();
        await page.waitForTimeout(500);
      },
    ],
    ['job-samples', '/training/j-6?tab=samples'],
    ['job-no-samples', '/training/j-7?tab=samples'],
    ['job-log', '/training/j-6?tab=log'],
    ['job-recipe', '/training/j-6?tab=recipe'],
    ['job-queued', '/training/j-7'],
    ['job-failed', '/training/j-3'],
    ['job-fused', '/training/j-4'],
    ['job-unknown', '/training/j-99'],
    ['datasets', '/datasets'],
    ['dataset-versions', '/datasets?name=guideline-passages'],
    [
      'dataset-register',
      '/datasets',
      async (page) => {
        await page.locator('[data-dataset=ward-questions]').getByTestId('dataset-register').click();
        await page.getByTestId('dataset-licence').fill('CC0-1.0');
        await page.getByTestId('dataset-phi').click();
        await page.getByRole('option', { name: 'Identifiable' }).click();
        await page.waitForTimeout(300);
      },
    ],
    [
      'dataset-upload',
      '/datasets',
      async (page) => {
        await page.getByTestId('dataset-upload').click();
        await page
          .locator('input[type=file]')
          .setInputFiles({ name: 'letters-cardio.jsonl', mimeType: 'text/plain', buffer: Buffer.from('{}') });
        await page.getByTestId('upload-send').click();
        await page.getByTestId('problem').waitFor();
        await page.waitForTimeout(300);
      },
    ],
    [
      'dataset-retire',
      '/datasets?name=letters-cardio',
      async (page) => {
        await page.getByTestId('dataset-retire').click();
        await page.getByTestId('dataset-retire-confirm').click();
        await page.getByTestId('problem').waitFor();
        await page.waitForTimeout(300);
      },
    ],
    ['users', '/users'],
    [
      'user-form',
      '/users',
      async (page) => {
        await page.getByTestId('user-new').click();
        await page.waitForTimeout(300);
      },
    ],
    [
      'key-made',
      '/users',
      async (page) => {
        await page.getByTestId('key-new').click();
        await page.getByTestId('key-name').fill('Laboratory system');
        await page.getByTestId('key-scope-integrator').check();
        await page.getByTestId('key-save').click();
        await page.getByTestId('key-value').waitFor();
      },
    ],
  ],
  auditor: [
    [
      'audit',
      '/audit',
      async (page) => {
        await page.getByTestId('audit-row').nth(6).click();
        await page.getByTestId('audit-verify').click();
        await page.getByTestId('audit-result').waitFor();
      },
    ],
  ],
};

const size = { width: Number(process.env.WIDTH ?? 1280), height: 900 };

async function open(scheme) {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale: 'en-GB' });
  const page = await context.newPage();
  page.on('console', (message) => {
    // 401 of the first look at the session and 4xx of the forms shown on purpose are expected.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      complaints.push(`${page.url()} ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()} ${error}`));
  return page;
}

for (const scheme of (process.env.SCHEMES ?? 'light,dark').split(',')) {
  const first = await open(scheme);
  await first.goto(base);
  await first.getByTestId('login-username').waitFor();
  if (!only.length || only.includes('sign-in'))
    await first.screenshot({ path: `${out}/sign-in-${scheme}.png` });
  await first.context().close();
  for (const [role, stops] of Object.entries(tours)) {
    if (only.length && !stops.some(([name]) => only.includes(name))) continue;
    const page = await open(scheme);
    await page.goto(base);
    await page.getByTestId('login-username').fill(role);
    await page.getByTestId('login-password').fill('demo');
    await page.getByTestId('login-submit').click();
    await page.getByTestId('user-menu').waitFor();
    for (const [name, path, act] of stops) {
      if (only.length && !only.includes(name)) continue;
      await page.goto(base + path);
      await page.waitForSelector('main');
      await page.waitForTimeout(500);
      try {
        await act?.(page);
      } catch (error) {
        complaints.push(`${name}: ${String(error).split('\n').slice(0, 3).join(' ')}`);
      }
      await page.waitForTimeout(350);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) complaints.push(`${name}: ${wide} px wider than the window`);
      await page.screenshot({ path: `${out}/${name}-${scheme}.png`, fullPage: !!process.env.WHOLE });
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      if (height > 1000 && name === 'case')
        await page.screenshot({ path: `${out}/${name}-full-${scheme}.png`, fullPage: true });
    }
    await page.context().close();
  }
}
await browser.close();
for (const text of complaints) console.error(text);
process.exitCode = complaints.length ? 1 : 0;
