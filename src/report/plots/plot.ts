import { Markup, markup } from '../markup.js';
import { type ColourName, colourIn } from './palette.js';

export interface Plot {
  /** For file names and ids, such as `earnings-curve`. */
  readonly name: string;
  readonly title: string;
  /** The plot in words, for people who do not see it. */
  readonly description: string;
  readonly height: number;
  readonly content: Markup;
}

export const plotWidth = 560;

/** For a page that has `plotStyle` and sets the width. */
export function inlinePlot({ name, title, description, height, content }: Plot): Markup {
  return markup`<svg class="plot" viewBox="0 0 ${plotWidth} ${height}" role="img" aria-labelledby="${name}-title ${name}-description"><title id="${name}-title">${title}</title><desc id="${name}-description">${description}</desc>${content}</svg>`;
}

/** A whole file, with its title in the picture. It follows the reader's light or dark. */
export function plotFile({ name, title, description, height, content }: Plot): string {
  const whole = height + 40;
  const file = markup`<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="${plotWidth + 32}" height="${whole}" viewBox="-16 -32 ${plotWidth + 32} ${whole}" role="img" aria-labelledby="${name}-title ${name}-description">
<title id="${name}-title">${title}</title>
<desc id="${name}-description">${description}</desc>
<style>${new Markup(fileStyle)}</style>
<rect class="paper" x="-16" y="-32" width="${plotWidth + 32}" height="${whole}"/>
<text class="heading" x="0" y="-10">${title}</text>
${content}
</svg>
`;
  return file.toString();
}

export function plotStyle(colour: (name: ColourName) => string): string {
  return `
.plot text { fill: ${colour('muted')}; font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.plot .strong { fill: ${colour('ink')}; }
.plot .heading { fill: ${colour('ink')}; font-weight: 600; font-size: 14px; }
.plot .end { text-anchor: end; }
.plot .middle { text-anchor: middle; }
.plot .paper { fill: ${colour('raised')}; }
.plot .grid { stroke: ${colour('line')}; fill: none; }
.plot .whisker { stroke: ${colour('accent')}; fill: none; stroke-width: 2; }
.plot .point { fill: ${colour('accent')}; }
.plot .passed { fill: ${colour('passed')}; }
.plot .failed { fill: ${colour('failed')}; }
.plot .error { fill: ${colour('error')}; }
.plot .cancelled { fill: ${colour('cancelled')}; }
.plot .earned { fill: none; stroke: ${colour('accent')}; stroke-width: 2; stroke-linejoin: round; }
.plot .earned-area { fill: ${colour('accent')}; fill-opacity: 0.12; }
.plot .available { fill: none; stroke: ${colour('muted')}; stroke-dasharray: 3 4; }
.plot .dots { fill: none; stroke-linecap: round; stroke-width: 7; stroke-opacity: 0.55; }
.plot .dots.paid { stroke: ${colour('passed')}; }
.plot .dots.unpaid { stroke: ${colour('failed')}; }
`;
}

const fileStyle = `${plotStyle(colourIn('light'))}@media (prefers-color-scheme: dark) {${plotStyle(colourIn('dark'))}}`;
