/// Advanced SIMD three same extra.
enum AdvancedSIMDThreeSameExtra {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SDOT (vector)",     "0Q001110 100mmmmm 100101nn nnnddddd", feature: .dotProd) { .vector($0, .sdot, .s) },
        EncodingRow("UDOT (vector)",     "0Q101110 100mmmmm 100101nn nnnddddd", feature: .dotProd) { .vector($0, .udot, .s) },
        EncodingRow("SQRDMLAH (vector)", "0Q101110 zz0mmmmm 100001nn nnnddddd", feature: .rdm) { .vector($0, .sqrdmlah, .hs) },
        EncodingRow("SQRDMLSH (vector)", "0Q101110 zz0mmmmm 100011nn nnnddddd", feature: .rdm) { .vector($0, .sqrdmlsh, .hs) },
        .absent("FCMLA (vector)", "0Q101110 zz0mmmmm 110rr1nn nnnddddd", .fcma),
        .absent("FCADD", "0Q101110 zz0mmmmm 111r01nn nnnddddd", .fcma),
        .absent("SMMLA", "01001110 100mmmmm 101001nn nnnddddd", .i8mm),
        .absent("UMMLA", "01101110 100mmmmm 101001nn nnnddddd", .i8mm),
        .absent("USMMLA", "01001110 100mmmmm 101011nn nnnddddd", .i8mm),
        .absent("USDOT (vector)", "0Q001110 100mmmmm 100111nn nnnddddd", .i8mm),
        .absent("BFDOT (vector)", "0Q101110 010mmmmm 111111nn nnnddddd", .bf16),
        .absent("BFMMLA", "01101110 010mmmmm 111011nn nnnddddd", .bf16),
        .absent("BFMLALB, BFMLALT (vector)", "0Q101110 110mmmmm 111111nn nnnddddd", .bf16),
    ]
}
