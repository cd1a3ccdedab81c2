import { useEffect, useRef } from 'preact/hooks';
import { bytes, tick } from './format';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

const HEIGHT = 160;
/** Milliseconds that an axis of times shows at least. */
const SPAN = 3_600_000;
/** Distances of marks that are whole numbers in units of bytes. */
const POWERS = [...Array(60)].map((_, power) => 2 ** power);
/** Number of rows in the table beside a chart. */
const ROWS = 12;

export interface Axis<V> {
  name: string;
  values: V[];
  format: (value: number) => string;
}

/**
 * A line, and figures of it in a table beside it. A line of `steps` stays at each value until the next one.
 *
 * The chart's horizontal axis is one of times, in milliseconds, or one of sizes; `mark` is the present size.
 */
export function Chart({ name, x, y, max, steps, mark }: { name: string; x: Axis<number>; y: Axis<number | null>; max?: number; steps?: boolean; mark?: number }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marked = useRef(mark);
  marked.current = mark;
  const data = useRef<uPlot.AlignedData>([[], []]);
  data.current = [x.values, y.values];
  useEffect(() => {
    const div = place.current;
    if (!div) {
      return;
    }
    const style = getComputedStyle(div);
    const ink = style.color;
    const line = style.getPropertyValue('border-top-color');
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '12px system-ui' };
    const drawMark = (drawn: uPlot) => {
      if (marked.current !== undefined) {
        const at = Math.round(drawn.valToPos(marked.current, 'x', true));
        drawn.ctx.fillStyle = ink;
        drawn.ctx.fillRect(at, drawn.bbox.top, 2, drawn.bbox.height);
      }
    };
    const few = { show: (shown: uPlot) => (shown.data[0]?.length ?? 0) < 30 };
    plot.current = new uPlot(
      {
        width: Math.max(200, div.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        ms: 1,
        scales: {
          x: { time: !steps, range: (_, first, last) => [steps ? 0 : (first ?? 0), Math.max(last ?? 1, (first ?? 0) + (steps ? 1 : SPAN), marked.current ?? 0)] },
          y: { range: (_, low, high) => [Math.min(0, low ?? 0), max ?? Math.max(1, high ?? 1)] },
        },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map(steps ? x.format : tick), ...(x.format === bytes && { incrs: POWERS, space: 80 }) },
          { ...axis, size: 70, values: (_, ticks) => ticks.map(y.format) },
        ],
        series: [{}, { stroke: ink, width: 2, points: few, ...(steps && uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }) }],
        hooks: { draw: [drawMark] },
      },
      data.current,
      div,
    );
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, div.clientWidth), height: HEIGHT }));
    resized.observe(div);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
    };
  }, [max, steps]);
  useEffect(() => {
    plot.current?.setData(data.current);
  }, [x.values, y.values, mark]);
  const every = steps ? Math.ceil(x.values.length / ROWS) : 1;
  const rows = x.values.map((value, index) => ({ value, shown: y.values[index] })).filter((_, index) => (x.values.length - 1 - index) % every === 0).slice(-ROWS);
  return (
    <figure class="chart">
      <figcaption>{name}</figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${name}: the figures are in the table that follows`} />
      <details>
        <summary>Figures</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{x.name}</th>
              <th scope="col" class="number">{y.name}</th>
            </tr>
          </thead>
          <tbody>
            {rows.toReversed().map((row) => (
              <tr key={row.value}>
                <td>{x.format(row.value)}</td>
                <td class="number">{row.shown == null ? '-' : y.format(row.shown)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
