// Made once: making one takes longer than everything else an attempt does on our side.
const whole = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 0,
});
const withCents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** `$1,000`, or `$62.50` where there are cents. Upstream lets the model read `$1000.0`. */
export function dollars(amount: number): string {
  return (Number.isInteger(amount) ? whole : withCents).format(amount);
}
