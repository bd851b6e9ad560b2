;; A component of another world: an HTTP server that exports no role.
(component
  (core module $server
    (func (export "handle")))
  (core instance $server (instantiate $server))
  (func $handle (canon lift (core func $server "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.6" (instance $handler)))
