const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(value: number): string {
  let unit = 0;
  let scaled = value;
  while (scaled >= 1024 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${UNITS[unit]}`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '-';
}

/** How long ago a time was. */
export function age(at: string | undefined, now: number): string {
  if (!at) {
    return '-';
  }
  return duration(Math.max(0, now - Date.parse(at)));
}

export function duration(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min`;
  }
  if (seconds < 48 * 3600) {
    return `${Math.floor(seconds / 3600)} h`;
  }
  return `${Math.floor(seconds / 86400)} d`;
}

export function clock(at: string | number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

export function moment(at: string | undefined): string {
  return at ? new Date(at).toLocaleString('en-GB') : '-';
}

/** Shows what has no form of its own or turns the direction of what follows, such as line ends and right-to-left marks, by its number. */
export function visible(text: string): string {
  // Marks that join letters, or parts of a picture, have to stay.
  return text.replace(/(?![\u200C\u200D])[\p{Cc}\p{Cf}\u2028\u2029]/gu, (point) => `\\u${point.codePointAt(0)?.toString(16).padStart(4, '0')}`);
}

/** The time of day, and the date at its beginning. */
export function tick(at: number): string {
  const date = new Date(at);
  return date.getHours() + date.getMinutes() === 0
    ? date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
    : date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** Returns a length of time in the words of the command line. The coordinator tells it as ISO 8601. */
export function period(iso: string): string {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso);
  if (!parts) {
    return iso;
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const all = 24 * days + hours;
  const words = [`${Math.floor(all / 24)} d`, `${all % 24} h`, `${minutes} min`, `${seconds} s`].filter((word) => !word.startsWith('0 '));
  return words.join(' ') || '0 s';
}

/** Returns as ISO 8601 what somebody typed as 12h or 7d. The coordinator judges anything else. */
export function typedPeriod(text: string): string {
  const parts = /^(\d+) *([smhd])$/.exec(text.trim());
  return parts ? `P${parts[2] === 'd' ? '' : 'T'}${parts[1]}${parts[2]?.toUpperCase()}` : text;
}
