/// Advanced SIMD three same extra.
enum AdvancedSIMDThreeSameExtra {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SDOT (vector)",     "0Q001110 100mmmmm 100101nn nnnddddd") { .vector($0, .sdot, .s) },
        EncodingRow("UDOT (vector)",     "0Q101110 100mmmmm 100101nn nnnddddd") { .vector($0, .udot, .s) },
        EncodingRow("SQRDMLAH (vector)", "0Q101110 zz0mmmmm 100001nn nnnddddd") { .vector($0, .sqrdmlah, .hs) },
        EncodingRow("SQRDMLSH (vector)", "0Q101110 zz0mmmmm 100011nn nnnddddd") { .vector($0, .sqrdmlsh, .hs) },
        // FEAT_FCMA: FCMLA 0Q101110 zz0mmmmm 110rr1nn nnnddddd, FCADD 0Q101110 zz0mmmmm 111r01nn nnnddddd
    ]
}
