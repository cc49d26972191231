# The page.  It is no program of its own: src/api/assets.c takes these files into the daemon as they are.
web_files = \
	%D%/index.html %D%/app.css %D%/icon.svg \
	%D%/api.js %D%/app.js %D%/charts.js %D%/columns.js %D%/conn.js %D%/conn_legs.js %D%/dialogs.js \
	%D%/dom.js %D%/filter_box.js %D%/format.js %D%/grid.js %D%/life_map.js %D%/life_map_layout.js \
	%D%/overview.js %D%/reasons.js %D%/sequence.js %D%/store.js %D%/table.js %D%/totals.js \
	%D%/vendor/uPlot.iife.min.js %D%/vendor/uPlot.min.css %D%/vendor/uPlot-LICENSE.txt
EXTRA_DIST += $(web_files)

# What an assembler takes in no compiler tells make of.
src/api/libsockproxy_a-assets.$(OBJEXT): $(web_files)
