/// The report as a page. The same report gives the same bytes.
extension BenchReport {
    var html: String {
        var out = header
        if runs.count > 1 {
            out += PageStyle.section(
                "The grid", "p50 of each operation in each configuration; the colour compares within a row.",
                SweepTable(report: self).html)
        }
        let times = RangeChart.times(of: self)
        for (index, run) in runs.enumerated() { out += html(run, times: times, isOpen: index == 0) }
        out += percentileSection + publishedSection
        return PageStyle.page(title: "Exits — armada bench", out)
    }

    private var header: String {
        var out = "<header>\n<p class=\"kicker\">armada bench exits</p>\n<h1>What an exit costs</h1>\n"
        if let interruption {
            out += "<p class=\"warning\"><b>Not complete:</b> \(escaped(interruption))</p>\n"
        }
        if !facts.isEmpty {
            out += "<dl class=\"facts\">\n"
            for fact in facts { out += "<div><dt>\(escaped(fact.name))</dt><dd>\(escaped(fact.value))</dd></div>\n" }
            out += "</dl>\n"
        }
        if runs.isEmpty { out += "<p class=\"warning\">Nothing was measured.</p>\n" }
        return out + "</header>\n"
    }

    private func html(_ run: Run, times: [UInt64], isOpen: Bool) -> String {
        let title = escaped(run.configuration.text)
        var out = "<details class=\"run\"\(isOpen ? " open" : "")>\n<summary><h2>\(title)</h2></summary>\n"
        guard !run.operations.isEmpty else {
            return out + "<p class=\"lead\">No operation was measured.</p></details>\n"
        }
        out +=
            "<h3>Latency</h3>\n<p class=\"lead\">What the guest saw, from just before the operation to just after it."
        out +=
            " Further to the left is faster. Published marks are other people's figures of real hardware, averages.</p>\n"
        out += RangeChart.legend
        out += "<div class=\"chart\">" + RangeChart(run: run, times: times).svg + "</div>\n"
        let stages = StageChart(run: run).html
        if !stages.isEmpty {
            out += "<h3>Where the time goes</h3>\n<p class=\"lead\">One exit's way, stage by stage: medians."
            out += " Medians need not add up to the median of the whole, which stands at the right.</p>\n" + stages
        }
        out += "<h3>Figures</h3>\n" + FigureTables.summary(run)
        return out + "</details>\n"
    }

    private var percentileSection: String {
        let charts = operationNames.compactMap { PercentileChart(report: self, operation: $0)?.svg }
        guard !charts.isEmpty else { return "" }
        var legend = "<div class=\"legend runs\">"
        for (index, run) in runs.enumerated() where run.operations.contains(where: \.hasSamples) {
            var key = SVG(width: 28, height: 12, label: run.configuration.text)
            key.path([(1, 6), (27, 6)], class: "curve " + PercentileChart.style(run: index))
            let name = escaped(run.configuration.text)
            legend += "<span data-run=\"\(PercentileChart.style(run: index))\">\(key.text)\(name)</span>"
        }
        if runs.count == 1, runs[0].operations.contains(where: { $0.hasSamples && $0.measuredFloor != nil }) {
            var key = SVG(width: 28, height: 12, label: "floor")
            key.path([(1, 6), (27, 6)], class: "curve floorcurve")
            legend += "<span>\(key.text)floor: the raw socket</span>"
        }
        let panels = charts.map { "<figure>\($0)</figure>\n" }.joined()
        return PageStyle.section(
            "Percentiles",
            "How bad the bad cases are: each step to the right leaves a tenth of the samples. Each panel has its own axis.",
            legend + "</div>\n<div class=\"panels\">\n" + panels + "</div>\n")
    }

    private var publishedSection: String {
        let times = FigureTables.published(operationNames, in: .nanoseconds)
        let cycles = FigureTables.published(operationNames, in: .cycles)
        var content = times
        if !cycles.isEmpty {
            content +=
                "<h3>In cycles</h3>\n<p class=\"lead\">Cycles of the machine named; no axis shows them beside times.</p>\n"
            content += cycles
        }
        guard !content.isEmpty else { return "" }
        return PageStyle.section(
            "Real hardware, as published",
            "Figures of others, on their machines; nothing here was measured by this run.",
            content)
    }
}
