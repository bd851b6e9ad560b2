;; Imports a capability that no version of the contract has.
(component
  (import "strongroom:plugin/teleport@0.1.0" (instance
    (export "gate" (type (sub resource))))))
