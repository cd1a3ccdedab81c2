// Draws a dashboard with the panels of Grafana, filled by a Prometheus server: ?prometheus=ADDRESS&seconds=N&theme=dark.
import {
  applyFieldOverrides, createTheme, dateTime, FieldColorModeId, FieldType, getFieldDisplayValues, ThemeContext, toDataFrame, VizOrientation,
  type DataFrame, type FieldDisplay,
} from '@grafana/data';
import { LegendDisplayMode, type Panel } from '@grafana/schema';
import { BigValue, BigValueColorMode, BigValueGraphMode, GlobalStyles, PanelChrome, TimeSeries, VizRepeater } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { dashboard } from './dashboard';

/** Pixels of a column and of a row of the grid, and between panels. */
const COLUMN = 64, ROW = 36, GAP = 8;
/** Seconds between two points, and the window of a rate. */
const STEP = 2, RATE = '10s';

type Series = { metric: Record<string, string>, values: [number, string][] };

const asked = new URLSearchParams(location.search);
const theme = createTheme({ colors: { mode: asked.get('theme') === 'light' ? 'light' : 'dark' } });
const to = Math.floor(Date.now() / 1000);
const from = to - Number(asked.get('seconds'));
const raw = { from: dateTime(from * 1000), to: dateTime(to * 1000) };

async function series(query: string): Promise<Series[]> {
  const range = new URLSearchParams({ query, start: `${from}`, end: `${to}`, step: `${STEP}` });
  const answer = await (await fetch(`${asked.get('prometheus')}/api/v1/query_range?${range}`)).json();
  if (answer.status !== 'success') {
    throw new Error(`${query}: ${answer.error}`);
  }
  return answer.data.result;
}

/** Queries that told nothing, by panel. */
const empty: string[] = [];

async function frames(panel: Panel): Promise<DataFrame[]> {
  const targets = panel.targets as { refId: string, expr: string, legendFormat: string }[];
  const found = await Promise.all(targets.map(async ({ refId, expr, legendFormat }) =>
    (await series(expr.replaceAll('$__rate_interval', RATE))).map(({ metric, values }) => toDataFrame({
      refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: values.map(([time]) => time * 1000) },
        {
          name: 'Value',
          type: FieldType.number,
          values: values.map(([, value]) => value === 'NaN' ? null : Number(value)),
          config: {
            color: { mode: FieldColorModeId.PaletteClassic },
            ...panel.fieldConfig?.defaults,
            displayNameFromDS: legendFormat.replace(/{{(\w+)}}/g, (_, label) => metric[label] ?? ''),
          },
        },
      ],
    }))));
  empty.push(...targets.filter((_, index) => found[index]!.length === 0).map(({ refId }) => `${panel.title} ${refId}`));
  return applyFieldOverrides({ data: found.flat(), theme, timeZone: 'utc', replaceVariables: (text) => text, fieldConfig: { defaults: {}, overrides: [] } });
}

function Numbers({ data, width, height }: { data: DataFrame[], width: number, height: number }) {
  const values = () => getFieldDisplayValues({
    data, theme, timeZone: 'utc', sparkline: true, replaceVariables: (text) => text,
    fieldConfig: { defaults: {}, overrides: [] }, reduceOptions: { calcs: ['lastNotNull'], values: false },
  });
  return <VizRepeater<FieldDisplay> getValues={values} source={data} width={width} height={height} orientation={VizOrientation.Vertical} autoGrid={true} renderCounter={0}
    renderValue={({ value, width: of, height: by }) => <BigValue value={value.display} sparkline={value.sparkline} width={of} height={by} theme={theme}
      count={data.length} colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.Area} />} />;
}

function Lines({ data, width, height }: { data: DataFrame[], width: number, height: number }) {
  return <TimeSeries frames={data} width={width} height={height} timeRange={{ ...raw, raw }} timeZone="utc"
    legend={{ showLegend: true, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [] }} />;
}

const panels = await Promise.all((dashboard.panels as Panel[]).map(async (panel) => ({ panel, data: await frames(panel) })));
const rows = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos!.y + gridPos!.h));
createRoot(document.getElementById('dashboard')!).render(<ThemeContext.Provider value={theme}>
  <GlobalStyles hackNoBackdropBlur={true} />
  <div style={{ position: 'relative', width: 24 * COLUMN, height: rows * ROW }} data-empty={JSON.stringify(empty)}>
    {panels.map(({ panel, data }) => {
      const { x, y, w, h } = panel.gridPos!;
      const Kind = panel.type === 'stat' ? Numbers : Lines;
      return <div key={panel.id} style={{ position: 'absolute', left: x * COLUMN, top: y * ROW }} className={data.length > 0 ? panel.type : 'empty'}>
        <PanelChrome title={panel.title} width={w * COLUMN - GAP} height={h * ROW - GAP}>
          {(width, height) => data.length === 0 ? <p>No data</p> : <Kind data={data} width={width} height={height} />}
        </PanelChrome>
      </div>;
    })}
  </div>
</ThemeContext.Provider>);
