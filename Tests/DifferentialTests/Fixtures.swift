/// Where the files of tests lie.
enum Fixtures {
    /// Tests/Fixtures, with a slash behind it.
    static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(2)
        return "/" + parts.joined(separator: "/") + "/Fixtures/"
    }()
}
