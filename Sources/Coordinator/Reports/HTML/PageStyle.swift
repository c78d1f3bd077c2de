/// What all pages have in common: they need nothing else, no network, no other file. Their colours are those of Okabe and
/// Ito, which the colour-blind can tell apart.
enum PageStyle {
    /// A whole page around `content`.
    static func page(title: String, _ content: String) -> String {
        var out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        // Whatever stands in the page, it can load nothing.
        out += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        out += "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        out += "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
        out += "<title>\(title)</title>\n<style>\n\(css)</style>\n</head>\n<body>\n<main>\n" + content
        return out + "</main>\n<script>\n\(script)</script>\n</body>\n</html>\n"
    }

    static func section(_ title: String, _ lead: String, _ content: String) -> String {
        "<section>\n<h2>\(title)</h2>\n<p class=\"lead\">\(lead)</p>\n\(content)</section>\n"
    }

    static let css = """
        :root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #16202c; --soft: #5a6675; --line: #e2e6eb;
          --main: #0072b2; --floor: #d55e00; --a: #009e73; --b: #a8508a; --yellow: #a08a00; --sky: #2f94cf; --orange: #c98500; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0f141a; --card: #18202a; --ink: #e8edf3; --soft: #9aa7b6; --line: #2b3643;
            --main: #56b4e9; --floor: #ff8a3d; --a: #2fcf9f; --b: #e39cc6; --yellow: #f0e442; --sky: #9ad3f5; --orange: #e69f00; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
          font-variant-numeric: tabular-nums; }
        main { max-width: 1180px; margin: 0 auto; padding: 32px 20px 64px; }
        header { margin-bottom: 28px; }
        h1 { font-size: 34px; line-height: 1.15; margin: 0 0 20px; letter-spacing: -.02em; }
        h2 { font-size: 20px; margin: 0; letter-spacing: -.01em; }
        h3 { font-size: 16px; margin: 28px 0 2px; }
        .kicker { margin: 0 0 4px; color: var(--main); font: 600 13px ui-monospace, monospace; }
        .lead { margin: 2px 0 12px; color: var(--soft); max-width: 80ch; }
        .warning { border-left: 4px solid var(--floor); background: var(--card); padding: 10px 14px; border-radius: 6px;
          overflow-wrap: anywhere; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 10px 24px; margin: 0; }
        .facts dt { color: var(--soft); font-size: 12px; }
        .facts dd { margin: 0; overflow-wrap: anywhere; }
        section, details.run { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
          padding: 20px 24px; margin: 0 0 18px; }
        summary { cursor: pointer; }
        summary h2 { display: inline; }
        .legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 10px 0; font-size: 13px; color: var(--soft); }
        .legend span { display: inline-flex; align-items: center; gap: 6px; }
        .legend svg { flex: none; width: auto; height: 14px; }
        .legend .key { padding: 1px 10px; border-radius: 4px; }
        .legend.runs { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); }
        .chart, .scroll { overflow-x: auto; }
        .chart svg { width: 100%; min-width: 760px; display: block; }
        .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px; }
        figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; padding: 4px; }
        figure svg { width: 100%; display: block; }
        svg text { font: 12px system-ui, sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
        svg .name, svg .title { font: 600 12px ui-monospace, monospace; }
        svg .tick, svg .axis, svg .count { fill: var(--soft); font-size: 11px; }
        svg .axis { font-style: italic; }
        svg .value { font-weight: 600; }
        svg .missing { fill: var(--soft); font-style: italic; }
        .grid { stroke: var(--line); stroke-width: 1; }
        .hit { fill: transparent; }
        .range:hover .hit { fill: var(--line); opacity: .5; }
        .whisker { stroke: var(--soft); stroke-width: 1.5; }
        .p90 { fill: var(--main); opacity: .75; }
        .p99 { fill: var(--main); opacity: .35; }
        .p50 { fill: var(--main); stroke: var(--card); stroke-width: 1.5; }
        .floor { fill: var(--floor); }
        .published { fill: var(--card); fill-opacity: .6; stroke-width: 2; }
        .published.a { stroke: var(--a); }
        .published.b { stroke: var(--b); }
        .stage { stroke: var(--card); stroke-width: 1; }
        .stage.s0 { fill: #0072b2; } .stage.s1 { fill: #56b4e9; } .stage.s2 { fill: #009e73; } .stage.s3 { fill: #f0e442; }
        .stage.s4 { fill: #e69f00; } .stage.s5 { fill: #d55e00; } .stage.s6 { fill: #cc79a7; }
        svg text.in { fill: #10161d; font-size: 11px; pointer-events: none; }
        svg text.in.s0 { fill: #fff; }
        .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
        .curve:hover { stroke-width: 3.5; }
        .dim .curve { opacity: .12; }
        .dim .curve.lit { opacity: 1; stroke-width: 3; }
        .c0 { stroke: var(--main); } .c1 { stroke: var(--floor); } .c2 { stroke: var(--a); } .c3 { stroke: var(--b); }
        .c4 { stroke: var(--orange); } .c5 { stroke: var(--sky); } .c6 { stroke: var(--ink); }
        .d1 { stroke-dasharray: 6 3; } .d2 { stroke-dasharray: 2 3; } .d3 { stroke-dasharray: 8 3 2 3; }
        .floorcurve { stroke: var(--floor); stroke-dasharray: 4 3; }
        .dot { fill: var(--card); stroke: var(--main); stroke-width: 1.8; }
        table { border-collapse: collapse; font-size: 13px; white-space: nowrap; }
        th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); }
        th:first-child { text-align: left; }
        tbody th { font: 600 12px ui-monospace, monospace; }
        thead th { color: var(--soft); font-weight: 500; font-size: 12px; vertical-align: bottom; }
        td.missing { color: var(--soft); font-style: italic; text-align: left; white-space: normal; }
        .heat td { border: 2px solid var(--card); border-radius: 6px; text-align: center; }
        .heat td.missing { text-align: center; }
        .heat thead th { text-align: center; }
        .heat thead th:first-child { text-align: left; }
        .h0 { background: #e3eef8; color: #10161d; } .h1 { background: #c6dbef; color: #10161d; }
        .h2 { background: #9ecae1; color: #10161d; } .h3 { background: #6baed6; color: #10161d; }
        .h4 { background: #2f7fbc; color: #fff; } .h5 { background: #14569a; color: #fff; }
        .h6 { background: #08306b; color: #fff; }
        .clean { color: var(--a); font-weight: 600; } .violated { color: var(--floor); font-weight: 600; }
        pre { overflow-x: auto; font: 12px/1.4 ui-monospace, monospace; background: var(--page); padding: 10px; border-radius: 6px; }
        .bar { stroke: none; } .bar.delivered { fill: var(--main); } .bar.coalesced { fill: var(--orange); }
        .bar.cleared { fill: var(--b); } .bar.count { fill: var(--main); }
        .sources { color: var(--soft); font-size: 13px; padding-left: 18px; }
        @media print {
          :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --main: #0072b2; --floor: #d55e00;
            --a: #009e73; --b: #a8508a; --yellow: #a08a00; --sky: #2f94cf; --orange: #c98500; color-scheme: light; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          main { max-width: none; padding: 0; }
          section, details.run { border: 0; padding: 0; }
          .chart svg { min-width: 0; }
          table { font-size: 9px; } th, td { padding: 2px 4px; }
          figure, tr, .chart { break-inside: avoid; }
          h2, h3 { break-after: avoid; }
        }

        """

    /// Opens what is folded before printing; a legend's entry lights its curves.
    static let script = """
        addEventListener("beforeprint", () => {
          for (const run of document.querySelectorAll("details")) run.open = true;
        });
        for (const key of document.querySelectorAll("[data-run]")) {
          const section = key.closest("section");
          const curves = section.querySelectorAll("." + key.dataset.run.replace(" ", "."));
          const light = (on) => {
            section.classList.toggle("dim", on);
            for (const curve of curves) curve.classList.toggle("lit", on);
          };
          key.addEventListener("pointerenter", () => light(true));
          key.addEventListener("pointerleave", () => light(false));
        }

        """
}
