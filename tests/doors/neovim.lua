-- Opens a file with the settings of the page, applies a quick fix if one is named, saves, and says what it saw.
local settings, file, title = os.getenv("PEFT_LINT_SETTINGS"), os.getenv("PEFT_LINT_FILE"), os.getenv("PEFT_LINT_TITLE")
local function finish(code) vim.cmd("cquit " .. code) end
local function await(what, condition)
  if not vim.wait(60000, condition, 20) then
    io.stderr:write("waited in vain for " .. what .. "\n")
    finish(3)
  end
end

dofile(settings)
vim.cmd.edit(file)
vim.bo.filetype = "python"
await("diagnostics", function() return #vim.diagnostic.get(0) > 0 end)
for _, found in ipairs(vim.diagnostic.get(0)) do
  local text = vim.api.nvim_buf_get_text(0, found.lnum, found.col, found.end_lnum, found.end_col, {})
  print(found.code .. "\t" .. table.concat(text, "\n"))
end
if title ~= "" then
  local first = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  local before = vim.api.nvim_buf_get_changedtick(0)
  vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == title end })
  await("the fix", function() return vim.api.nvim_buf_get_changedtick(0) > before end)
  await("no diagnostics", function() return #vim.diagnostic.get(0) == 0 end)
end
vim.cmd.write()
await("no diagnostics after saving", function() return #vim.diagnostic.get(0) == 0 end)
finish(0)
