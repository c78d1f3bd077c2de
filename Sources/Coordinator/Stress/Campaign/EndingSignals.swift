import Glibc
import Shared

/// SIGINT and SIGTERM, which are kept from their usual effect while this exists.
final class EndingSignals {
    private let events: EventSet
    private(set) var haveCome = false

    init() throws(SystemError) { events = try EventSet() }

    func wait(milliseconds: CInt) {
        var request = pollfd(fd: events.signalDescriptor, events: Int16(POLLIN), revents: 0)
        if poll(&request, 1, milliseconds) > 0, events.takeEndingSignal() { haveCome = true }
    }
}
