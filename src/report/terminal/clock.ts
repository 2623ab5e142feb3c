/** `0:07`, `12:07`, `3:12:07`: whole seconds, so that a picture changes once a second at most. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = padded(seconds % 60);
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${padded(minutes)}:${tail}`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}
