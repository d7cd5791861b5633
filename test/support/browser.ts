import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { DevTools } from './devtools.ts';

export interface View {
  /** CSS pixels. */
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  /** As it is printed. */
  readonly paper?: true;
}

const anything = z.unknown();
/** Milliseconds until a browser that was asked to end is killed. */
const endTimeout = 10_000;

/** A real browser that can reach no network: it finds the address of no host. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #tools: DevTools;
  #pages = 0;

  constructor(executable: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'homeport-browser-'));
    this.#child = spawn(
      executable,
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--no-first-run',
        '--hide-scrollbars',
        '--host-resolver-rules=MAP * ~NOTFOUND',
        '--remote-debugging-pipe',
        `--user-data-dir=${join(this.#folder, 'profile')}`,
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
    );
    const [, , , toBrowser, fromBrowser] = this.#child.stdio;
    if (!(toBrowser instanceof Writable) || !(fromBrowser instanceof Readable)) throw new Error('There are no pipes.');
    this.#tools = new DevTools(toBrowser, fromBrowser);
  }

  /** Shows a page of this HTML, as whoever opens the file sees it; resolves when all of it is there. */
  async show(html: string, view: View): Promise<Page> {
    this.#pages += 1;
    const path = join(this.#folder, `${this.#pages}.html`);
    writeFileSync(path, html);
    const { targetId } = await this.#tools.ask(
      'Target.createTarget',
      { url: 'about:blank' },
      z.object({ targetId: z.string() }),
    );
    const { sessionId } = await this.#tools.ask(
      'Target.attachToTarget',
      { targetId, flatten: true },
      z.object({ sessionId: z.string() }),
    );
    const page = new Page(this.#tools, sessionId, targetId);
    await page.load(pathToFileURL(path).href, view);
    return page;
  }

  /** Ends it with all its processes, and removes what it wrote. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      this.#child.once('exit', () => resolve());
    });
    const alarm = setTimeout(() => this.#kill(), endTimeout);
    await this.#tools.ask('Browser.close', {}, anything).catch(() => {});
    await ended;
    clearTimeout(alarm);
    this.#kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // They have ended.
    }
  }
}

/** One page, and what it asked for. */
export class Page {
  /** Addresses that it asked for, its own file first. */
  readonly requests: string[] = [];
  /** What the browser complained of: something the page's own policy forbids, an error. */
  readonly complaints: string[] = [];
  readonly #tools: DevTools;
  readonly #session: string;
  readonly #target: string;

  constructor(tools: DevTools, session: string, target: string) {
    this.#tools = tools;
    this.#session = session;
    this.#target = target;
  }

  async load(url: string, view: View): Promise<void> {
    const loaded = Promise.withResolvers<void>();
    this.#tools.hear(({ session, method, params }) => {
      if (session !== this.#session) return;
      if (method === 'Page.loadEventFired') loaded.resolve();
      if (method === 'Network.requestWillBeSent') {
        this.requests.push(z.object({ request: z.object({ url: z.string() }) }).parse(params).request.url);
      }
      if (method === 'Log.entryAdded') {
        this.complaints.push(z.object({ entry: z.object({ text: z.string() }) }).parse(params).entry.text);
      }
      if (method === 'Page.javascriptDialogOpening') this.complaints.push('a dialog was opened');
    });
    for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await this.#ask(`${domain}.enable`, {}, anything);
    await this.#ask(
      'Emulation.setDeviceMetricsOverride',
      { width: view.width, height: 800, deviceScaleFactor: 1, mobile: view.width < 600 },
      anything,
    );
    await this.#ask(
      'Emulation.setEmulatedMedia',
      { media: view.paper === true ? 'print' : '', features: [{ name: 'prefers-color-scheme', value: view.scheme }] },
      anything,
    );
    const probes = readFileSync(join(import.meta.dirname, 'page-probes.js'), 'utf8');
    await this.#ask('Page.addScriptToEvaluateOnNewDocument', { source: probes }, anything);
    await this.#ask('Page.navigate', { url }, anything);
    await loaded.promise;
  }

  /** What the expression gives in the page. */
  async ask<T>(expression: string, answer: z.ZodType<T>): Promise<T> {
    const { result, exceptionDetails } = await this.#ask(
      'Runtime.evaluate',
      { expression, returnByValue: true },
      z.object({
        result: z.object({ value: z.unknown().optional() }),
        exceptionDetails: z.object({ exception: z.object({ description: z.string() }) }).optional(),
      }),
    );
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception.description);
    return answer.parse(result.value);
  }

  /** Clicks into the middle of the first element that the selector finds, as a person does. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.ask(
      `probes.middleOf(${JSON.stringify(selector)})`,
      z.object({ x: z.number(), y: z.number() }),
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.#ask('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 }, anything);
    }
  }

  /** The whole page as a PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#ask(
      'Page.captureScreenshot',
      { format: 'png', captureBeyondViewport: true },
      z.object({ data: z.string() }),
    );
    return Buffer.from(data, 'base64');
  }

  async close(): Promise<void> {
    await this.#tools.ask('Target.closeTarget', { targetId: this.#target }, anything);
  }

  async #ask<T>(method: string, params: Readonly<Record<string, unknown>>, answer: z.ZodType<T>): Promise<T> {
    return await this.#tools.ask(method, params, answer, this.#session);
  }
}
