import type { Interval } from '../metrics/run-summary-schema.js';

/** Stands where nothing is known. */
export const unknown = '–';

/** `$1,000`, and with cents where there are some: `$0.42`. A part of a cent is shown to two digits. */
export function dollars(value: number | undefined): string {
  if (value === undefined) return unknown;
  if (value < 0) return `−${dollars(-value)}`;
  if (Number.isInteger(value)) return `$${value.toLocaleString('en-US')}`;
  if (value < 0.01) return `$${Number(value.toPrecision(2))}`;
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** `12.3%` of a share between 0 and 1. */
export function percent(share: number | undefined): string {
  return share === undefined ? unknown : `${percentNumber(share)}%`;
}

/** `8.1–17.9%`. */
export function percentInterval(interval: Pick<Interval, 'low' | 'high'> | undefined): string {
  return interval === undefined ? unknown : `${percentNumber(interval.low)}–${percentNumber(interval.high)}%`;
}

function percentNumber(share: number): string {
  return (share * 100).toFixed(1).replace(/\.0$/, '');
}

/** `+2.5 points`: percentage points of a difference between two shares. */
export function points(share: number): string {
  const value = (Math.abs(share) * 100).toFixed(1);
  return `${share > 0 ? '+' : share < 0 ? '−' : ''}${value} points`;
}

export function count(value: number | undefined): string {
  return value === undefined ? unknown : Math.round(value).toLocaleString('en-US');
}

/** `1 sample`, `2 samples`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `850 ms`, `4.2 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return unknown;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

/** `512 B`, `3.4 KiB`, `12 MiB`. */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const [scaled, unit] = value < 1024 ** 2 ? [value / 1024, 'KiB'] : [value / 1024 ** 2, 'MiB'];
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

/** `$300-$999` of the metrics as people write it: `$300–$999`, `$1,000–$3,999`. */
export function bandLabel(band: string): string {
  return band.replace('-', '–').replace(/\d+/g, (digits) => Number(digits).toLocaleString('en-US'));
}

/** `2026-10-04 03:21 UTC` of an ISO time. */
export function moment(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC');
}
