import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock } from './format';

/** Seconds that an axis shows at least. */
const SPAN = 120;

/** A line over time, and the same figures in a table beside it. */
export function Chart({ name, times, values, format, max }: {
  name: string;
  /** Milliseconds. */
  times: number[];
  values: (number | null)[];
  format: (value: number) => string;
  max?: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const div = place.current;
    if (!div) {
      return;
    }
    const style = getComputedStyle(div);
    const ink = style.color;
    const line = style.getPropertyValue('border-top-color');
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '12px system-ui' };
    plot.current = new uPlot(
      {
        width: Math.max(200, div.clientWidth),
        height: 160,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { range: (_, first, last) => [first ?? 0, Math.max(last ?? 0, (first ?? 0) + SPAN)] }, y: { range: (_, low, high) => [Math.min(0, low), max ?? Math.max(1, high)] } },
        axes: [axis, { ...axis, size: 70, values: (_, ticks) => ticks.map(format) }],
        series: [{}, { stroke: ink, width: 2, points: { show: false } }],
      },
      [[], []],
      div,
    );
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, div.clientWidth), height: 160 }));
    resized.observe(div);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
    };
  }, [max]);
  useEffect(() => {
    plot.current?.setData([times.map((time) => time / 1000), values]);
  }, [times, values]);
  const rows = times.map((time, index) => ({ time, value: values[index] })).slice(-12).toReversed();
  return (
    <figure class="chart">
      <figcaption>{name}</figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${name}: the figures are in the table that follows`} />
      <details>
        <summary>Figures</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="number">{name}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.time}>
                <td>{clock(row.time)}</td>
                <td class="number">{row.value == null ? '-' : format(row.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
