/// Advanced SIMD scalar three different.
enum AdvancedSIMDScalarThreeDifferent {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SQDMLAL (scalar)", "01011110 zz1mmmmm 100100nn nnnddddd") { .scalar($0, .sqdmlal, .hs) },
        EncodingRow("SQDMLSL (scalar)", "01011110 zz1mmmmm 101100nn nnnddddd") { .scalar($0, .sqdmlsl, .hs) },
        EncodingRow("SQDMULL (scalar)", "01011110 zz1mmmmm 110100nn nnnddddd") { .scalar($0, .sqdmull, .hs) },
    ]
}
