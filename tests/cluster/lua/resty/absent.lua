-- What Debian lacks and the tests have no use for: it may be loaded, but using anything in it is an
-- error that says so.

return function(name)
  return setmetatable({}, {
    __index = function(_, key)
      error(name .. "." .. tostring(key) .. ": the test bed has no " .. name)
    end,
  })
end
