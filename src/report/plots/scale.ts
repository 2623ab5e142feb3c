/** Where a value lies on an axis, in the plot's units. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** From 0 to at least `maximum`, with ticks at 1, 2 or 5 times a power of ten. */
export function linearScale(maximum: number, from: number, to: number, tickCount = 4): Scale {
  const step = niceStep(maximum / tickCount);
  const last = Math.max(1, Math.ceil(maximum / step - 1e-9));
  const end = step * last;
  return Object.assign((value: number) => from + ((to - from) * value) / end, {
    ticks: Array.from({ length: last + 1 }, (_, index) => index * step),
  });
}

/** Between the powers of ten around the values, with a tick at each or, where there are many, at every second one. */
export function logarithmicScale(values: readonly number[], from: number, to: number): Scale {
  const exponents = values.map((value) => Math.log10(value));
  const first = Math.floor(Math.min(...bounded(exponents, Math.min)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.max(...bounded(exponents, Math.max)) - 1e-9));
  const every = last - first > 5 ? 2 : 1;
  return Object.assign(
    (value: number) => from + ((to - from) * (Math.log10(value) - first)) / (last - first),
    {
      ticks: Array.from(
        { length: Math.floor((last - first) / every) + 1 },
        (_, index) => 10 ** (first + index * every),
      ),
    },
  );
}

/** One value of many: a call with all of them as arguments can exceed the stack. */
function bounded(values: readonly number[], choose: (a: number, b: number) => number): [number] {
  return [values.reduce((a, b) => choose(a, b))];
}

function niceStep(raw: number): number {
  if (!(raw > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}
