/** Numbers and dates as a reader of this locale expects them. */

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const precise = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

function valid(iso: string | null | undefined): Date | null {
  if (!iso) return null;
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function formatDateTime(iso: string | null | undefined): string {
  const date = valid(iso);
  return date ? dateTime.format(date) : '–';
}

export function formatPrecise(iso: string | null | undefined): string {
  const date = valid(iso);
  return date ? precise.format(date) : '–';
}

export function formatDate(iso: string | null | undefined): string {
  const date = valid(iso);
  return date ? dateOnly.format(date) : '–';
}

export function formatAgo(iso: string | null | undefined, now = Date.now()): string {
  const date = valid(iso);
  if (!date) return '–';
  const seconds = (date.getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(Math.round(seconds), 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86400) return relative.format(Math.round(seconds / 3600), 'hour');
  if (size < 86400 * 14) return relative.format(Math.round(seconds / 86400), 'day');
  return dateOnly.format(date);
}

export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : whole.format(value);
}

/** 1234567 -> 1.23 M: for parameters and tokens. */
export function formatShort(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const units: [number, string][] = [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  for (const [size, unit] of units) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}

export function formatBytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))} ${units[unit]}`;
}

export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return '–';
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min ${s % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Never 0 % or 100 % for a probability that is neither. */
export function formatProbability(p: number): string {
  if (p <= 0) return '0 %';
  if (p >= 1) return '100 %';
  if (p < 0.001) return '<0.1 %';
  if (p > 0.999) return '>99.9 %';
  return p < 0.1 ? `${(p * 100).toFixed(1)} %` : `${Math.min(99, Math.round(p * 100))} %`;
}

/**
 * A weight is the natural logarithm of a likelihood ratio. Readers think in factors on the odds:
 * 1.79 is "×6.0", -1.1 is "÷3.0".
 */
export function formatWeight(weight: number): string {
  const factor = Math.exp(Math.abs(weight));
  const shown = factor >= 9.95 ? factor.toFixed(0) : factor.toFixed(1);
  if (shown === '1.0') return '×1.0';
  return `${weight > 0 ? '×' : '÷'}${shown}`;
}

export function describeWeight(weight: number): string {
  const verb = weight >= 0 ? 'multiplies' : 'divides';
  return `${verb} the odds by ${Math.exp(Math.abs(weight)).toFixed(2)} (log likelihood ratio ${weight >= 0 ? '+' : '−'}${Math.abs(weight).toFixed(2)})`;
}

/** The bar's share of half the axis, in percent, never more than the whole half. */
export function weightShare(weight: number, largest: number): number {
  if (!(largest > 0)) return 0;
  return Math.min(50, (Math.abs(weight) / largest) * 50);
}

export function shortHash(sha: string | null | undefined, length = 10): string {
  return sha ? sha.replace(/^sha256:/, '').slice(0, length) : '–';
}

export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(digits)));
}

/** tokensPerSecond -> Tokens per second: names of fields and measures, as people write them. */
export function words(key: string): string {
  if (key === 'mfu') return 'MFU';
  const text = key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
