// SPDX-License-Identifier: MIT
//
// What Grafana publishes of its dashboards as types (@grafana/schema), put together: a panel's options and its field settings are
// those of its type, its queries are for Prometheus.  typed.py writes the dashboards behind it for the compiler to judge.
import type * as board from "@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen";
import type * as bars from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as query from "@grafana/schema/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as states from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as lines from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

// JSON has no enums, but what stands in them.
type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

type Defaults<Custom> = Omit<board.FieldConfig, "custom"> & { custom?: Custom };

type PanelOf<Type, Options, Custom> = Omit<board.Panel, "type" | "options" | "fieldConfig" | "targets"> & {
	type: Type;
	options: Options;
	fieldConfig: Omit<board.FieldConfigSource, "defaults"> & { defaults: Defaults<Custom> };
	targets: query.PrometheusDataQuery[];
};

// A table's cells have defaults, though the type does not say so.
type Cells = Partial<table.FieldConfig>;

type AnyPanel =
	| PanelOf<"timeseries", lines.Options, lines.FieldConfig>
	| PanelOf<"stat", stat.Options, never>
	| PanelOf<"heatmap", bars.Options, bars.FieldConfig>
	| PanelOf<"state-timeline", states.Options, states.FieldConfig>
	| PanelOf<"table", table.Options, Cells>
	| board.RowPanel;

type Dashboard = Plain<Omit<board.Dashboard, "panels"> & { panels: AnyPanel[] }>;
