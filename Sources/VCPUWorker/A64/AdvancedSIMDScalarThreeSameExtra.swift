/// Advanced SIMD scalar three same extra.
enum AdvancedSIMDScalarThreeSameExtra {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SQRDMLAH (scalar)", "01111110 zz0mmmmm 100001nn nnnddddd", feature: .rdm) { .scalar($0, .sqrdmlah, .hs) },
        EncodingRow("SQRDMLSH (scalar)", "01111110 zz0mmmmm 100011nn nnnddddd", feature: .rdm) { .scalar($0, .sqrdmlsh, .hs) },
    ]
}
