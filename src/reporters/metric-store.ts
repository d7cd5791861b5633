import { type Labels, parseSample, type Sample, seriesOf } from './prometheus-text.ts';

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** In the order in which they are written; the first is `project`. */
  readonly labels: readonly string[];
}

/** Upper bounds in seconds, of stages and of whole deployments. */
const bounds = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const buckets: readonly string[] = [...bounds.map(String), '+Inf'];

/** The file of metrics is not as it was written. */
export class BrokenMetrics extends Error {}
/** The file is whole, and belongs to another project. */
export class ForeignMetrics extends Error {}

/** The metrics of one project, as they stand in its file. */
export class MetricStore {
  readonly #families: readonly Family[];
  readonly #project: string;
  readonly #samples = new Map<string, Sample>();

  constructor(families: readonly Family[], project: string) {
    this.#families = families;
    this.#project = project;
  }

  /** Takes what a file says. Throws `BrokenMetrics` or `ForeignMetrics`. */
  static parse(text: string, families: readonly Family[], project: string): MetricStore {
    const store = new MetricStore(families, project);
    if (text === '') return store;
    if (!text.endsWith('\n')) throw new BrokenMetrics('its end is missing');
    for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
      if (/^# (?:HELP|TYPE) homeport_[a-z_]+ /.test(line)) continue;
      const sample = parseSample(line);
      if (sample === null || !store.#takes(sample)) throw new BrokenMetrics(`line ${index + 1} is not Homeport's`);
      if (sample.labels.project !== project) {
        throw new ForeignMetrics(`it holds the metrics of the project ${sample.labels.project}`);
      }
      store.#samples.set(seriesOf(sample.name, sample.labels), sample);
    }
    store.#checkHistograms();
    return store;
  }

  set(name: string, labels: Labels, value: number): void {
    const own = { project: this.#project, ...labels };
    this.#samples.set(seriesOf(name, own), { name, labels: own, value });
  }

  add(name: string, labels: Labels, value: number): void {
    this.set(name, labels, this.#valueOf(name, { project: this.#project, ...labels }) + value);
  }

  /** Takes a value in seconds into a histogram. */
  observe(name: string, labels: Labels, measured: number): void {
    // A clock that was set back meanwhile; a sum that falls would read as a restart.
    const seconds = Math.max(0, measured);
    for (const le of buckets) {
      this.add(`${name}_bucket`, { ...labels, le }, le === '+Inf' || seconds <= Number(le) ? 1 : 0);
    }
    const sum = this.#valueOf(`${name}_sum`, { project: this.#project, ...labels }) + seconds;
    // Thousandths are what is measured: they shall not drift away in additions.
    this.set(`${name}_sum`, labels, Math.round(sum * 1000) / 1000);
    this.add(`${name}_count`, labels, 1);
  }

  /** Of all labels. */
  remove(name: string): void {
    for (const [series, sample] of this.#samples) if (sample.name === name) this.#samples.delete(series);
  }

  has(name: string): boolean {
    return [...this.#samples.values()].some((sample) => sample.name === name);
  }

  render(): string {
    const blocks = this.#families.flatMap((family) => {
      const lines = [...this.#samples].flatMap(([series, sample]) =>
        namesOf(family).includes(sample.name) ? [`${series} ${sample.value}\n`] : [],
      );
      const { name, help, type } = family;
      return lines.length === 0 ? [] : [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, ...lines];
    });
    return blocks.join('');
  }

  #valueOf(name: string, labels: Labels): number {
    return this.#samples.get(seriesOf(name, labels))?.value ?? 0;
  }

  /** Whether a sample of a file can be one of ours. */
  #takes({ name, labels, value }: Sample): boolean {
    const family = this.#families.find((one) => namesOf(one).includes(name));
    if (family === undefined || this.#samples.has(seriesOf(name, labels))) return false;
    const wanted = [...family.labels, ...(name.endsWith('_bucket') ? ['le'] : [])];
    const counts = family.type === 'counter' || /_(?:bucket|count)$/.test(name);
    return Object.keys(labels).join() === wanted.join() && (!counts || Number.isSafeInteger(value));
  }

  #checkHistograms(): void {
    for (const family of this.#families.filter(({ type }) => type === 'histogram')) {
      const own = [...this.#samples.values()].filter(({ name }) => namesOf(family).includes(name));
      const groups = Map.groupBy(own, ({ labels: { le: _, ...labels } }) => seriesOf(family.name, labels));
      for (const [series, samples] of groups) {
        if (!isWhole(samples, family.name)) throw new BrokenMetrics(`the histogram ${series} does not add up`);
      }
    }
  }
}

function namesOf({ name, type }: Family): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** All buckets in their order, each at least as high as the one before it, the last of them the count; and a sum. */
function isWhole(samples: readonly Sample[], name: string): boolean {
  const [bounds, counts] = [
    samples.flatMap(({ labels }) => labels.le ?? []),
    samples.flatMap(({ labels, value }) => (labels.le === undefined ? [] : value)),
  ];
  const value = (suffix: string) => samples.find((sample) => sample.name === `${name}${suffix}`)?.value;
  return (
    bounds.join() === buckets.join() &&
    counts.every((count, index) => count >= (counts[index - 1] ?? 0)) &&
    value('_count') === counts.at(-1) &&
    value('_sum') !== undefined
  );
}
