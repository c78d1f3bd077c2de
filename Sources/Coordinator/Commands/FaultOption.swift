import ArgumentParser
import Shared

extension FaultArgument {
    /// For `@Option(transform:)`: an argument that is none says why.
    static func parse(_ text: String) throws -> Self {
        do throws(Failure) { return try Self(text) } catch { throw ValidationError(error.description) }
    }
}
